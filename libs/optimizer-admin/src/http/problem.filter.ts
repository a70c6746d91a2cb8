import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { STATUS_CODES, type ServerResponse } from 'node:http';

/** Errors of Rightsize's own routes as RFC 9457 problems; what was wrong with which field is in `errors`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Rightsize');

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    if (!(error instanceof HttpException)) this.#logger.error(error, error instanceof Error ? error.stack : undefined);
    // A stream that has begun can only end.
    if (response.headersSent) return void response.destroy();
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const errors = error instanceof HttpException ? errorsOf(error) : null;
    const detail = error instanceof HttpException ? (errors?.join('; ') ?? error.message) : undefined;
    sendProblem(response, status, detail, errors);
  }
}

export function sendProblem(
  response: ServerResponse,
  status: number,
  detail: string | undefined,
  errors: readonly string[] | null = null,
): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail };
  response.end(JSON.stringify({ ...problem, ...(errors ? { errors } : {}) }));
}

/** Nest's validation gives a list of messages. */
function errorsOf(error: HttpException): readonly string[] | null {
  const body = error.getResponse();
  const message = typeof body === 'object' && 'message' in body ? body.message : null;
  return Array.isArray(message) ? message.map(String) : null;
}
