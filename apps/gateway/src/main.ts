#!/usr/bin/env node
import 'reflect-metadata';
import { ConfigurationError, describeProblems, watchConfiguration, type Reloaded } from '@rightsize/configuration';
import { Logger } from '@nestjs/common';
import { optionsOf } from './configuration/options-of.js';
import { readConfiguration } from './configuration/read-configuration.js';
import { startGateway } from './start-gateway.js';

try {
  const { configuration, checkOnly } = readConfiguration(process.argv, process.env);
  if (checkOnly) console.log('rightsize-gateway: the configuration can be used');
  else await serve(configuration);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const lines = error instanceof ConfigurationError ? message.split('\n') : [message];
  for (const line of lines) console.error(`rightsize-gateway: ${line}`);
  process.exitCode = 1;
}

async function serve(configuration: ReturnType<typeof readConfiguration>['configuration']): Promise<void> {
  const options = optionsOf(configuration.reading);
  const gateway = await startGateway(options, undefined, configuration);
  const watching = watchConfiguration(configuration, report);
  let stopping = false;
  const stop = (): void => {
    // Who asks twice means now.
    if (stopping) process.exit(1);
    stopping = true;
    void Promise.all([gateway.close(), watching.close()]).then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  console.log(`rightsize-gateway listening on ${gateway.url} -> ${options.rightsize.upstream}`);
}

function report(outcome: Reloaded): void {
  const logger = new Logger('Configuration');
  if (outcome.kind === 'refused') {
    return logger.error(`not reloaded, the old values stay in force: ${describeProblems(outcome.problems)}`);
  }
  for (const { name, from, to } of outcome.changes) logger.log(`${name}: ${from} -> ${to}`);
  for (const name of outcome.needRestart) logger.warn(`${name} has changed and takes a restart to count`);
}
