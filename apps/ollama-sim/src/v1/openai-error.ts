import type { ServerResponse } from 'node:http';
import { sendJson, sendJsonLine } from '../http/reply.js';

/** OpenAI's error object, with the type that the real server derives from the status. */
export function openAiError(status: number, message: string, code: string | null = null): object {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return { error: { message, type, param: null, code } };
}

/** A request that was refused before it was translated. */
export function refuse(res: ServerResponse, status: number, message: string, code: string | null = null): void {
  sendJson(res, status, openAiError(status, message, code));
}

/** An error of the native route behind, translated. */
export function translateError(res: ServerResponse, status: number, message: string): void {
  sendJsonLine(res, status, openAiError(status, message));
}
