import { goJson, type RawJson } from '../go-json.js';

/** One message of `/api/chat`. Undefined fields are left out. */
export interface NativeMessage {
  readonly role: string;
  content: string;
  thinking?: string | undefined;
  /** base64 */
  images?: string[] | undefined;
  tool_calls?: NativeCall[] | undefined;
  tool_name?: string | undefined;
  tool_call_id?: string | undefined;
}

export interface NativeCall {
  readonly id?: string | undefined;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: RawJson };
}

/** The body of `/api/chat` or `/api/generate`. */
export function nativeBody(fields: object): Buffer {
  return Buffer.from(goJson(fields));
}

/** What is left out of a body when it is empty. */
export function unlessEmpty<T extends { readonly length: number }>(value: T | null): T | undefined {
  return value === null || value.length === 0 ? undefined : value;
}
