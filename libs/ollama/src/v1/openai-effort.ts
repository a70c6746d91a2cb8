import type { FieldReader } from './field-reader.js';

const EFFORTS: Readonly<Record<string, string | false>> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  ultra: 'max',
  max: 'max',
};

/** `think` for an effort of OpenAI's; undefined when none is asked for. */
export function thinkOfEffort(reader: FieldReader, effort: string): string | false | undefined {
  if (effort === '') return undefined;
  if (Object.hasOwn(EFFORTS, effort)) return EFFORTS[effort];
  reader.refuse(
    `invalid reasoning value: ${JSON.stringify(effort)} (must be "minimal", "low", "medium", "high", "xhigh", "ultra", "max", or "none")`,
  );
  return undefined;
}
