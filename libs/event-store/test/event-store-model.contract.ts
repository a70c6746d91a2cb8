import type { AppendResult, EventStore, ExpectedVersion } from '@rightsize/event-store';
import * as fc from 'fast-check';
import { readWholeLog, sampleEvent } from './sample-events.js';

interface Append {
  readonly stream: string;
  readonly ids: readonly string[];
  readonly expected: ExpectedVersion;
}

/** Few streams, ids and versions, so that repetitions and conflicts are common. */
const append: fc.Arbitrary<Append> = fc.record({
  stream: fc.constantFrom('a', 'b'),
  ids: fc.array(fc.integer({ min: 1, max: 12 }).map(String), { maxLength: 4 }),
  expected: fc.oneof(fc.constant<ExpectedVersion>('any'), fc.integer({ min: 0, max: 5 })),
});

/** Appends made at once, then awaited. */
const groups = fc.array(fc.array(append, { minLength: 1, maxLength: 6 }), { maxLength: 8 });

/** The log as an array of (stream, id), and appending written as its definition. */
class Model {
  readonly log: { readonly stream: string; readonly id: string; readonly version: number }[] = [];

  append({ stream, ids, expected }: Append): Pick<AppendResult, 'kind'> & Record<string, unknown> {
    const actualVersion = this.#version(stream);
    const repetition = ids.length > 0 && ids.every((id) => this.#has(id));
    if (expected !== 'any' && expected !== actualVersion && !repetition) return { kind: 'conflict', actualVersion };
    const before = this.log.length;
    for (const id of ids) {
      if (!this.#has(id)) this.log.push({ stream, id, version: this.#version(stream) + 1 });
    }
    const last = this.log.findLast((event) => (ids.length > 0 ? event.id === ids.at(-1) : event.stream === stream));
    return { kind: 'appended', version: last?.version ?? 0, duplicates: ids.length - (this.log.length - before) };
  }

  #has(id: string): boolean {
    return this.log.some((event) => event.id === id);
  }

  #version(stream: string): number {
    return this.log.filter((event) => event.stream === stream).length;
  }
}

export function describeModel(open: () => Promise<EventStore>, numRuns: number): void {
  it('answers every append, and holds in the end, what a plain array would', async () => {
    await fc.assert(
      fc.asyncProperty(groups, (made) => agreesWithModel(open, made)),
      { numRuns },
    );
  }, 30_000);
}

async function agreesWithModel(open: () => Promise<EventStore>, made: readonly (readonly Append[])[]): Promise<void> {
  const store = await open();
  try {
    const model = new Model();
    for (const group of made) {
      const results = await Promise.all(
        group.map(({ stream, ids, expected }) =>
          store.append(
            stream,
            ids.map((id) => sampleEvent({ id })),
            expected,
          ),
        ),
      );
      const expected = group.map((one) => model.append(one));
      results.forEach((result, index) => expect(result).toMatchObject(expected[index]!));
    }
    const log = await readWholeLog(store, 7);
    expect(log.map(({ stream, id, version }) => ({ stream, id, version }))).toEqual(model.log);
  } finally {
    await store.close();
  }
}
