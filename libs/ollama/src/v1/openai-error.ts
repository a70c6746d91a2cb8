import { goJson } from '../go-json.js';

/** OpenAI's error object, with the type that Ollama derives from the status. */
export function openAiError(status: number, message: string, code: string | null = null): object {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return { error: { message, type, param: null, code } };
}

/** The body of an error that the native route gave. */
export function openAiErrorBody(status: number, message: string): string {
  return `${goJson(openAiError(status, message))}\n`;
}
