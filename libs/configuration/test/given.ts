import {
  key,
  listOf,
  LiveConfiguration,
  numeric,
  oneOf,
  optional,
  readEnvironment,
  resolve,
  text,
  wholeNumber,
  readYaml,
  type Setting,
} from '../src/index.js';

export const TABLE = {
  mode: key({
    kind: oneOf('active', 'shadow', 'off'),
    default: 'active',
    description: 'd',
    reloadable: true,
    scopes: ['model', 'client'],
  }),
  port: key({ kind: wholeNumber({ min: 0, max: 65_535 }), default: 1, description: 'd' }),
  'policy.margin': key({
    kind: numeric({ above: 0 }),
    default: 0.5,
    unit: 'share',
    description: 'd',
    reloadable: true,
  }),
  memory: optional({
    kind: numeric({ above: 0 }),
    unit: 'GiB',
    description: 'd',
    defaultInWords: 'as seen',
    scopes: ['model'],
    reloadable: true,
  }),
  tags: key<readonly string[]>({ kind: listOf(text()), default: [], description: 'd', reloadable: true }),
  'admin.key': optional({ kind: text(), description: 'd', defaultInWords: 'none', secret: true }),
} as const;

export function fromYaml(source: string) {
  const { settings, sections, problems } = readYaml(source, 'rightsize.yaml');
  const reading = resolve(TABLE, settings, sections);
  return { ...reading, problems: [...problems, ...reading.problems] };
}

export function flag(name: string, raw: unknown): Setting {
  return { name, raw, source: { layer: 'command-line', where: `--${name}` } };
}

export function live(
  file: string | null,
  environment: Record<string, string> = {},
  commandLine: readonly Setting[] = [],
) {
  return new LiveConfiguration(TABLE, { file, environment: readEnvironment(TABLE, environment).settings, commandLine });
}
