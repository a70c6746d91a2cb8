import { readFileSync } from 'node:fs';
import {
  PROFILES,
  builtInModels,
  customModel,
  parseHardware,
  parseModelName,
  parseVersion,
  shortName,
  type Hardware,
  type ModelCard,
  type ProfileName,
} from '@rightsize/ollama-model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createSimulator } from './simulator.js';

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number.');
  return Number(text);
}

function scale(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('must be 0 or more.');
  return value;
}

function version(text: string): string {
  if (parseVersion(text) === null) throw new InvalidArgumentError('must look like 0.34.4.');
  return text;
}

/** A profile's name, or a JSON file with a `hardware` object, or with its fields alone. */
function profile(text: string): Hardware {
  if (text in PROFILES) return PROFILES[text as ProfileName];
  try {
    const json: unknown = JSON.parse(readFileSync(text, 'utf8'));
    const inner = typeof json === 'object' && json !== null && 'hardware' in json ? json.hardware : json;
    const parsed = parseHardware(inner);
    if (parsed.ok) return parsed.hardware;
    throw new InvalidArgumentError(`${parsed.error}.`);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`must be ${Object.keys(PROFILES).join(', ')} or a JSON file (${reason}).`);
  }
}

function modelName(text: string, before: readonly string[]): string[] {
  const name = parseModelName(text);
  if (name === null) throw new InvalidArgumentError('is no model name.');
  return [...before, shortName(name)];
}

interface Arguments {
  readonly port: number;
  readonly host: string;
  readonly profile: Hardware;
  readonly timeScale: number;
  readonly ollamaVersion?: string;
  readonly model: readonly string[];
  readonly parallel: number;
  readonly contextLength?: number;
  readonly maxQueue: number;
  readonly maxLoaded: number;
}

/** The built-in models, and one of the profile's size for each further name that was asked for. */
function models(names: readonly string[], hardware: Hardware): ModelCard[] {
  const builtIn = builtInModels(hardware);
  const further = names.filter((name) => !builtIn.some((model) => model.name === name));
  return [...builtIn, ...further.map((name) => customModel(name, hardware))];
}

async function start(given: Arguments): Promise<void> {
  const simulator = await createSimulator({
    port: given.port,
    host: given.host,
    hardware: given.profile,
    timeScale: given.timeScale,
    ...(given.ollamaVersion === undefined ? {} : { version: given.ollamaVersion }),
    models: models(given.model, given.profile),
    parallel: given.parallel,
    contextLength: given.contextLength ?? null,
    maxQueue: given.maxQueue,
    maxLoaded: given.maxLoaded,
  });
  process.stdout.write(`ollama-sim listening on ${simulator.url}\n`);
  const stop = () => void simulator.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

const program = new Command('ollama-sim')
  .description('An HTTP server that behaves like Ollama, with no model inside')
  .option('--port <port>', 'port to listen on, 0 for any free one', wholeNumber, 11434)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .addOption(
    new Option('--profile <name or file>', 'hardware: gpu8, gpu24, cpu or a JSON file')
      .argParser(profile)
      .default(PROFILES.gpu8, 'gpu8'),
  )
  .option('--time-scale <factor>', 'wall seconds a virtual second takes, 0 for no waiting', scale, 0.02)
  .option('--ollama-version <version>', 'version to behave like', version)
  .option('--model <name>', "a further model of the profile's size (repeatable)", modelName, [])
  .option('--parallel <n>', 'slots of a runner (OLLAMA_NUM_PARALLEL)', wholeNumber, 1)
  .option('--context-length <n>', 'default window (OLLAMA_CONTEXT_LENGTH)', wholeNumber)
  .option('--max-queue <n>', 'pending loads before 503 (OLLAMA_MAX_QUEUE)', wholeNumber, 512)
  .option('--max-loaded <n>', 'models loaded at once (OLLAMA_MAX_LOADED_MODELS)', wholeNumber, 3)
  .action(start);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`ollama-sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
