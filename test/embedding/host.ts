import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** Somebody else's application, with bodies parsed as Nest does it by itself, on a free port. */
export interface Host {
  readonly app: INestApplication;
  readonly url: string;
}

/** Hosts of the tests of a file; all are closed, and their files removed, by `closeAll`. */
export class Hosts {
  readonly folder = mkdtempSync(join(tmpdir(), 'rightsize-host-'));
  readonly #apps: INestApplication[] = [];
  #databases = 0;

  database(): string {
    this.#databases += 1;
    return join(this.folder, `${this.#databases}.sqlite`);
  }

  async start(
    platform: Platform,
    metadata: ModuleMetadata,
    prepare: (app: INestApplication) => void = () => undefined,
    options: { readonly forceCloseConnections?: boolean } = {},
  ): Promise<Host> {
    class HostModule {
      readonly isHost = true;
    }
    Module(metadata)(HostModule);
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(HostModule, adapter, { logger: false, abortOnError: false, ...options });
    this.#apps.push(app);
    prepare(app);
    await app.listen(0, '127.0.0.1');
    return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1') };
  }

  async closeAll(): Promise<void> {
    for (const app of this.#apps.splice(0)) await app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
