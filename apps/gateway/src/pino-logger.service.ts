import type { LoggerService } from '@nestjs/common';
import pino from 'pino';

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
    this.#pino.info({ context: rest.at(-1) }, String(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#pino.warn({ context: rest.at(-1) }, String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#pino.debug({ context: rest.at(-1) }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#pino.error({ context: rest.at(-1), stack: rest.length > 1 ? rest[0] : undefined }, String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#pino.fatal({ context: rest.at(-1) }, String(message));
  }
}
