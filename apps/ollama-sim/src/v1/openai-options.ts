import type { Fields } from '../go/typed-fields.js';
import { record } from '../http/body.js';
import type { Think } from '../native/think.js';
import type { Translated } from './openai-messages.js';

/** Native options out of OpenAI's fields. There is no field for a window, so none is ever set. */
export function openAiOptions(fields: Fields): Record<string, unknown> {
  const options: Record<string, unknown> = {
    temperature: fields.temperature ?? 1,
    top_p: fields.top_p ?? 1,
  };
  if (fields.max_tokens !== undefined) options.num_predict = fields.max_tokens;
  for (const name of ['seed', 'frequency_penalty', 'presence_penalty']) {
    if (fields[name] !== undefined) options[name] = fields[name];
  }
  if (typeof fields.stop === 'string') options.stop = [fields.stop];
  if (Array.isArray(fields.stop)) options.stop = fields.stop.filter((each) => typeof each === 'string');
  return options;
}

export function openAiFormat(fields: Fields): unknown {
  const format = record(fields, 'response_format');
  const type = typeof format.type === 'string' ? format.type.trim().toLowerCase() : '';
  if (type === 'json_object') return 'json';
  return type === 'json_schema' ? ((format.json_schema ?? {}) as Fields).schema : undefined;
}

const EFFORTS: Readonly<Record<string, Think>> = {
  '': null,
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  ultra: 'max',
  max: 'max',
};

/** `reasoning.effort`, else `reasoning_effort`. */
export function openAiThink(fields: Fields): Translated<Think> {
  const nested = record(fields, 'reasoning').effort;
  const effort = typeof nested === 'string' ? nested : (fields.reasoning_effort ?? '');
  const think = typeof effort === 'string' ? EFFORTS[effort] : undefined;
  if (think !== undefined) return { ok: true, value: think };
  const message = `invalid reasoning value: ${JSON.stringify(effort)} (must be "minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none")`;
  return { ok: false, message };
}
