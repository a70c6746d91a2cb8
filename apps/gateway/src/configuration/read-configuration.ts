import { LiveConfiguration, ConfigurationError, readEnvironment } from '@rightsize/configuration';
import { existsSync } from 'node:fs';
import { readCommandLine } from './command-line.js';
import { KEYS, type GatewayKeys } from './keys.js';

/** Read when it is there and no other was named. */
const USUAL_FILE = 'rightsize.yaml';
const FILE_VARIABLE = 'RIGHTSIZE_CONFIG';

export interface Asked {
  readonly configuration: LiveConfiguration<GatewayKeys>;
  /** Only whether the configuration can be used was asked. */
  readonly checkOnly: boolean;
}

/**
 * Settings of file, environment and command line, the later going before the earlier. Throws a
 * ConfigurationError with everything that is wrong; exits on `--help` and on what is no command line.
 */
export function readConfiguration(argv: readonly string[], environment: NodeJS.ProcessEnv): Asked {
  const commandLine = readCommandLine(argv);
  const inEnvironment = readEnvironment(KEYS, environment, [FILE_VARIABLE]);
  if (inEnvironment.problems.length > 0) throw new ConfigurationError(inEnvironment.problems);
  const named = commandLine.file ?? environment[FILE_VARIABLE] ?? null;
  const file = named ?? (existsSync(USUAL_FILE) ? USUAL_FILE : null);
  const inputs = { file, environment: inEnvironment.settings, commandLine: commandLine.settings };
  return { configuration: new LiveConfiguration(KEYS, inputs), checkOnly: commandLine.checkOnly };
}
