import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { STATUS_CODES, type ServerResponse } from 'node:http';

/**
 * Errors of the gateway's own routes as RFC 9457 problems. Two routes do not carry the packages
 * (OpenAPI, validators) that the ready-made filter for Nest asks for.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Gateway');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const status = error instanceof HttpException ? error.getStatus() : 500;
    if (!(error instanceof HttpException)) this.#logger.error(error, error instanceof Error ? error.stack : undefined);
    const detail = error instanceof HttpException ? error.message : undefined;
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }));
  }
}
