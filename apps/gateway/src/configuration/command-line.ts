import { flagOf, settableNames, settingOf, variableOf, type Setting } from '@rightsize/configuration';
import { Command, Option } from 'commander';
import { KEYS } from './keys.js';

export interface CommandLine {
  readonly settings: readonly Setting[];
  /** `--config`. */
  readonly file: string | null;
  readonly checkOnly: boolean;
}

/** Reads the flags as they were written; what they may be is checked with the rest. Exits on `--help` and on unknown flags. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const command = new Command('rightsize-gateway')
    .description('Proxy for Ollama that gives every request the context window it needs')
    .option('--config <file>', 'settings in YAML (default: rightsize.yaml, when it is there; env: RIGHTSIZE_CONFIG)')
    .option('--check', 'only say whether the configuration can be used');
  for (const name of settableNames(KEYS)) command.addOption(optionOf(name));
  const given = command.parse(argv).opts<Record<string, unknown>>();
  const settings = settableNames(KEYS).flatMap((name) => {
    const raw = given[optionOf(name).attributeName()];
    return raw === undefined ? [] : [{ name, raw, source: { layer: 'command-line' as const, where: flagOf(name) } }];
  });
  return { settings, file: (given['config'] as string | undefined) ?? null, checkOnly: given['check'] === true };
}

function optionOf(name: string): Option {
  const { name: owner, isFile } = settingOf(KEYS, name)!;
  const { description, default: value, defaultInWords, unit, secret } = KEYS[owner as keyof typeof KEYS];
  const plain = description.replaceAll('`', '');
  const spelled = isFile ? `a file that holds it: ${plain}` : plain;
  const byDefault = (defaultInWords ?? JSON.stringify(value)).replaceAll('`', '');
  const placeholder = isFile ? 'file' : Array.isArray(value) ? 'value...' : (unit ?? 'value');
  const option = new Option(
    `${flagOf(name)} <${placeholder}>`,
    `${spelled} (default: ${byDefault}; env: ${variableOf(name)})`,
  );
  return secret && !isFile ? option.hideHelp() : option;
}
