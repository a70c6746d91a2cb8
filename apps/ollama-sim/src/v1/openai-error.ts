import { openAiError } from '@rightsize/ollama';
import type { ServerResponse } from 'node:http';
import { sendJson, sendJsonLine } from '../http/reply.js';

/** A request that was refused before it was translated. */
export function refuse(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, openAiError(status, message));
}

/** An error of the native route behind, translated. */
export function translateError(res: ServerResponse, status: number, message: string): void {
  sendJsonLine(res, status, openAiError(status, message));
}
