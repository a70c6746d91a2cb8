import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readNativeAnswer, translateV1, v1RouteOf, type Translated } from '@rightsize/ollama';
import { normalAnswer, type NormalAnswer } from '../apps/bench/src/differential/normal-answer.js';
import type { Recorded } from '../apps/bench/src/differential/record.js';

/** `npm run differential -- --upstream URL --model M --seed 21 --count 160 --record FILE`, Ollama 0.34.4. */
const FILE = join(import.meta.dirname, 'recorded', 'v1-ollama-0.34.4.jsonl.gz');

const recorded = gunzipSync(readFileSync(FILE))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

/** The dialect's answer, made of the native one that the server gave. */
function translatedAnswer(translated: Translated, { status, text }: NonNullable<Recorded['native']>): NormalAnswer {
  const writer = translated.writer();
  const read = (json: string) => readNativeAnswer(Buffer.from(json))!;
  if (status !== 200) return normalAnswer(status, 'application/json', writer.error(status, read(text).error!));
  const lines = text.trim().split('\n');
  const body = writer.streams ? lines.map((line) => writer.event(read(line))).join('') : writer.whole(read(text));
  return normalAnswer(200, writer.headers['Content-Type']!, body);
}

const read = recorded.map((each) => ({
  ...each,
  translation: translateV1(v1RouteOf(each.path)!, Buffer.from(each.body)),
}));

describe('what a real server answered on its own /v1 routes', () => {
  it('is what its native answers are translated to', () => {
    const translated = read.flatMap(({ translation, ...each }) =>
      translation.kind === 'translated' ? [{ ...each, translation }] : [],
    );
    expect(translated.length).toBeGreaterThan(100);
    for (const { body, translation, native, direct } of translated) {
      expect([body, native && translatedAnswer(translation, native)]).toEqual([body, direct]);
    }
  });

  it('is a refusal wherever the translation expects one', () => {
    const refused = read.filter(({ translation }) => translation.kind === 'refused');
    expect(refused.length).toBeGreaterThan(5);
    for (const { body, direct } of refused) expect([body, direct.status]).toEqual([body, 400]);
  });
});
