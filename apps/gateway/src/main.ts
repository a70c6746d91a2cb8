#!/usr/bin/env node
import 'reflect-metadata';
import { readCommandLine } from './command-line.js';
import { startGateway } from './start-gateway.js';

const options = readCommandLine(process.argv);
try {
  const gateway = await startGateway(options);
  let stopping = false;
  const stop = (): void => {
    // Who asks twice means now.
    if (stopping) process.exit(1);
    stopping = true;
    void gateway.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  console.log(`rightsize-gateway listening on ${gateway.url} -> ${options.rightsize.upstream}`);
} catch (error) {
  console.error(`rightsize-gateway: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
