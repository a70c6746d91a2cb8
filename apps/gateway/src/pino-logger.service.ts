import type { LoggerService } from '@nestjs/common';
import pino from 'pino';

/** What the framework tells of its own start: some sixty lines that nobody looks after a gateway with. */
const FRAMEWORK: readonly unknown[] = [
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
];

/** Nest's messages as JSON lines on stderr: stdout belongs to the line that says where the gateway listens. */
export class PinoLogger implements LoggerService {
  readonly #pino: pino.Logger;

  constructor(level: string) {
    this.#pino = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  }

  setLevel(level: string): void {
    this.#pino.level = level;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write(FRAMEWORK.includes(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#pino.warn({ context: rest.at(-1) }, String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#pino.error({ context: rest.at(-1), stack: rest.length > 1 ? rest[0] : undefined }, String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#pino.fatal({ context: rest.at(-1) }, String(message));
  }

  /** An object becomes the line's fields; else it is the line's message. */
  #write(level: 'debug' | 'info', message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    if (typeof message === 'object' && message !== null) this.#pino[level]({ context, ...message });
    else this.#pino[level]({ context }, String(message));
  }
}
