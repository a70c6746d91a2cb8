import { Command, InvalidArgumentError, Option } from 'commander';
import type { ClientWindowSetting } from '@rightsize/optimizer';
import { DEFAULT_V1, parseClientWindow, parseV1Mode, type GatewayOptions, type V1Modes } from './gateway-options.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

interface Flags {
  upstream: string;
  host: string;
  port: number;
  db: string;
  mode: 'active' | 'shadow' | 'off';
  memoryGib?: number;
  clientWindow: ClientWindowSetting[];
  v1: V1Modes;
  maxBodyMib: number;
  drainSeconds: number;
  connectTimeoutSeconds: number;
  logLevel: string;
}

/** Reads the command line, and `RIGHTSIZE_*` of the environment where it says nothing. Exits on `--help` and on mistakes. */
export function readCommandLine(argv: readonly string[]): GatewayOptions {
  const flags = command().parse(argv).opts<Flags>();
  return {
    host: flags.host,
    port: flags.port,
    maxBodyBytes: flags.maxBodyMib * MIB,
    drainMs: flags.drainSeconds * 1000,
    connectTimeoutMs: flags.connectTimeoutSeconds * 1000,
    v1: flags.v1,
    logLevel: flags.logLevel,
    rightsize: {
      upstream: flags.upstream,
      database: flags.db,
      mode: flags.mode,
      clientWindows: flags.clientWindow,
      memoryBudgetBytes: flags.memoryGib === undefined ? null : flags.memoryGib * GIB,
    },
  };
}

function command(): Command {
  return new Command('rightsize-gateway')
    .description('Proxy for Ollama that gives every request the context window it needs')
    .addOption(option('--upstream <url>', 'the Ollama server').default('http://127.0.0.1:11434'))
    .addOption(option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(option('--port <number>', 'port to listen on, 0 for any free one').argParser(port).default(11435))
    .addOption(option('--db <file>', 'event log').default('rightsize.sqlite'))
    .addOption(option('--mode <mode>', 'what to do').choices(['active', 'shadow', 'off']).default('active'))
    .addOption(option('--memory-gib <number>', 'memory for weights and KV cache').argParser(positive))
    .addOption(
      option('--client-window <rule...>', "reading of a client's num_ctx: [MODEL][@CLIENT=]hint|floor|exact")
        .argParser(clientWindow)
        .default([]),
    )
    .addOption(
      option('--v1 <rule...>', 'how /v1 routes get their window: [chat|completions|messages|responses=]translate|pass')
        .argParser(v1Modes)
        .default(DEFAULT_V1, 'translate'),
    )
    .addOption(option('--max-body-mib <number>', 'largest inference body').argParser(positive).default(64))
    .addOption(
      option('--drain-seconds <number>', 'time for open streams when stopping').argParser(positive).default(10),
    )
    .addOption(
      option('--connect-timeout-seconds <number>', 'time to reach the upstream').argParser(positive).default(5),
    )
    .addOption(
      option('--log-level <level>', 'least severe message')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    );
}

/** `--max-body-mib` can be given as `RIGHTSIZE_MAX_BODY_MIB` too, and so on for all. */
function option(flags: string, description: string): Option {
  const created = new Option(flags, description);
  return created.env(`RIGHTSIZE_${created.name().replaceAll('-', '_').toUpperCase()}`);
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('not a port');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('not a number above zero');
  return value;
}

/** Repeated flags and a list separated by spaces or commas (the environment's way) mean the same. */
function clientWindow(text: string, before: readonly ClientWindowSetting[]): ClientWindowSetting[] {
  return [
    ...before,
    ...text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(parseClientWindow),
  ];
}

function v1Modes(text: string, before: V1Modes): V1Modes {
  let modes = before;
  for (const rule of text.split(/[\s,]+/).filter(Boolean)) {
    const next = parseV1Mode(rule, modes);
    if (next === null) throw new InvalidArgumentError('not [ROUTE=]translate|pass');
    modes = next;
  }
  return modes;
}
