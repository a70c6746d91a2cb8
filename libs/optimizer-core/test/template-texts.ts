import {
  createSketcher,
  createTemplateDetector,
  type Detection,
  type PromptSegment,
  type PromptSketch,
  type TemplateDetectorOptions,
  type TemplateEvent,
} from '../src/index.js';
import { MODEL, prose } from './given.js';

const sketcher = createSketcher('secret');

export function sketch(input: string | readonly PromptSegment[], tools = ''): PromptSketch {
  const segments = typeof input === 'string' ? [{ role: 'prompt' as const, text: input }] : input;
  return sketcher.sketch({ segments, tools });
}

/** A chat: the first text is the user's, then they alternate. */
export function chat(system: string | null, ...turns: readonly string[]): readonly PromptSegment[] {
  const talk = turns.map((text, i) => ({ role: i % 2 === 0 ? ('user' as const) : ('assistant' as const), text }));
  return system === null ? talk : [{ role: 'system', text: system }, ...talk];
}

/** A detector that keeps what it told the log. */
export function given(options: TemplateDetectorOptions = {}) {
  const detector = createTemplateDetector(options);
  const events: TemplateEvent[] = [];
  let atMs = 0;
  const detect = (input: string | readonly PromptSegment[], model = MODEL): Detection => {
    const detection = detector.detect(model, sketch(input), [], ++atMs);
    events.push(...detection.events);
    return detection;
  };
  return { detector, detect, events };
}

/** Prompts whose variable text comes first: nothing but the end of each is alike. */
export function slotFirst(slot: number): string {
  return `${prose(20, slot)}\n\nSummarise the text above in one sentence for a newspaper.\nSummary:`;
}

/** Prompts that begin alike. */
export function opening(slot: number, seed = 900): string {
  return `${prose(40, seed)}\n\nInput: ${prose(12, slot)}`;
}
