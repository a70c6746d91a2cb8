import { readdirSync, readFileSync } from 'node:fs';
import { EVENT_TYPES } from '@rightsize/optimizer-core';
import { EVENT_UPCASTERS, ReadModels } from '../src/index.js';

/** `<type>.v<version>.json`, one for each version of each type that was ever written; see golden-events.spec.ts. */
const FOLDER = new URL('../../../test/golden/', import.meta.url);

interface Golden {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

const golden: readonly Golden[] = readdirSync(FOLDER).map((file) => {
  const { type, data } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Golden;
  return { type, data, schemaVersion: Number(/\.v(\d+)\.json$/.exec(file)![1]) };
});

const recorded = ({ type, data, schemaVersion }: Golden, index: number) => ({
  ...{ type, data, schemaVersion, id: `golden-${index}`, stream: 'golden', metadata: {} },
  ...{ position: index + 1, version: index + 1, recordedAtMs: 0 },
});

describe('the versions of events', () => {
  it.each(Object.values(EVENT_TYPES))('of %s are all kept as golden files, from the first to the current', (type) => {
    const kept = golden.filter((event) => event.type === type).map(({ schemaVersion }) => schemaVersion);
    const current = EVENT_UPCASTERS.currentVersion(type)!;

    expect(kept.toSorted((a, b) => a - b)).toEqual(Array.from({ length: current }, (_, i) => i + 1));
  });

  it('are brought to the current one and fold into every read model that needs them', () => {
    for (const projection of new ReadModels().all) {
      const needed = golden.map(recorded).filter(({ type }) => (projection.types as readonly string[]).includes(type));
      expect(needed).not.toEqual([]);
      for (const event of needed) {
        const upcast = EVENT_UPCASTERS.upcast(event);
        expect(upcast.schemaVersion).toBe(EVENT_UPCASTERS.currentVersion(event.type));
        projection.apply(upcast);
      }
      const rows: unknown[] = [];
      projection.flush({ put: (_key, row) => rows.push(row), delete: () => {} });
      expect(rows).not.toEqual([]);
      // A number that is none becomes null on its way to the disk, and the fold goes on with it.
      expect(JSON.stringify(rows)).not.toMatch(/NaN|Infinity/);
    }
  });
});
