import { AskedServer } from './asked-server.js';
import type { Backend } from './backend.js';
import { DetectedBackend } from './detected-backend.js';
import { OllamaBackend } from './ollama-backend.js';
import { OpenAiBackend } from './openai-backend.js';
import type { BackendKind, RightsizeSettings } from './settings.js';

type Make = (server: AskedServer, fixedWindow: number | null) => Backend;

const MAKES: Readonly<Record<BackendKind, Make>> = {
  ollama: (server) => new OllamaBackend(server),
  openai: (server, fixedWindow) => new OpenAiBackend(server, fixedWindow),
  auto: (server, fixedWindow) =>
    new DetectedBackend(server, new OllamaBackend(server), new OpenAiBackend(server, fixedWindow)),
};

/** The adapter for the server that the settings name. */
export function backendFor({
  backend,
  upstream,
  fixedWindow,
}: Pick<RightsizeSettings, 'backend' | 'upstream' | 'fixedWindow'>): Backend {
  return MAKES[backend](new AskedServer(upstream), fixedWindow);
}
