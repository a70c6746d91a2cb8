import { createSketcher, createTemplateDetector } from '@rightsize/optimizer-core';

import { MODEL, SECRET } from './templates-run.js';

const NS_PER_MS = 1e6;
const WORDS = 60;
const LOOK_UPS = 5_000;
const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu'.split(' ');

/** Times of detection, milliseconds each, when so many templates are known. */
export function detectAmong(templates: number): readonly number[] {
  const sketcher = createSketcher(SECRET);
  const detector = createTemplateDetector({ templatesPerModel: templates });
  const detect = (template: number, call: number): number => {
    const text = `${prose(WORDS, template)}\n\nInput: ${prose(12, 1e9 + call)}\nAnswer:`;
    const started = process.hrtime.bigint();
    const { matched } = detector.detect(
      MODEL,
      sketcher.sketch({ segments: [{ role: 'prompt', text }], tools: '' }),
      [],
      call,
    );
    if (call > 2 * templates && !matched) throw new Error(`template ${template} is not known any more`);
    return Number(process.hrtime.bigint() - started) / NS_PER_MS;
  };
  for (let template = 0; template < templates; template++) {
    detect(template, 2 * template);
    detect(template, 2 * template + 1);
  }
  return Array.from({ length: LOOK_UPS }, (_, i) => detect((i * 7919) % templates, 2 * templates + 1 + i));
}

function prose(words: number, seed: number): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  const next = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return SYLLABLES[(state >>> 16) % SYLLABLES.length]!;
  };
  return Array.from({ length: words }, () => next() + next() + next()).join(' ');
}
