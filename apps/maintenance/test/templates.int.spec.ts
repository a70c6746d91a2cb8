import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectionRunner, type NewEvent } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { ReadModels } from '@rightsize/optimizer';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { listTemplates } from '../src/templates.js';

let folder: string;
const file = (): string => join(folder, 'log.sqlite');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-templates-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Data = Readonly<Record<string, unknown>>;

function event(n: number, type: DomainEvent['type'], data: Data): NewEvent {
  const id = `01920000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  return { id, type, schemaVersion: 1, data: { model: 'm', atMs: n * 1000, ...data }, metadata: {} };
}

const detected = (n: number, templateId: string): NewEvent =>
  event(n, 'template.detected', {
    templateId,
    fingerprints: [],
    definition: { exact: null, start: null, opening: { hash: '00000000000aa', words: 20 }, segments: [] },
  });

const optimized = (n: number, templateId: string | null, numCtx: number): NewEvent =>
  event(n, 'request.optimized', { requestId: `r${n}`, templateId, decision: { numCtx }, features: FEATURES });

const completed = (n: number, templateId: string, promptTokens: number): NewEvent =>
  event(n, 'request.completed', {
    requestId: `r${n}`,
    templateId,
    promptTokens,
    outputTokens: 7,
    doneReason: 'stop',
    taints: [],
    rawEstimate: promptTokens,
  });

const FEATURES = { think: null, toolBytes: 0, fingerprints: [] };

async function write(...events: readonly NewEvent[]): Promise<void> {
  const { store, readModels, close } = await openEventStorage({ file: file() });
  for (const one of events) await store.append(`s-${one.id}`, [one]);
  const { templates: statistics, knownTemplates } = new ReadModels();
  const runner = new ProjectionRunner(store, readModels, [statistics, knownTemplates]);
  await runner.start();
  await runner.waitFor(events.length);
  await runner.stop();
  await close();
}

describe('the list of templates', () => {
  it('is by use, with sizes, windows, hit rate and the times of first and last use', async () => {
    await write(
      detected(1, 'rare'),
      detected(2, 'often'),
      optimized(3, 'often', 4096),
      completed(4, 'often', 100),
      optimized(5, 'often', 8192),
      optimized(6, 'often', 8192),
      optimized(7, 'rare', 4096),
      optimized(8, null, 4096),
    );
    const { json, text, ok } = await listTemplates(file());
    expect(ok).toBe(true);
    expect(json).toMatchObject({
      models: [{ model: 'm', requests: 5, hitRate: 0.8 }],
      templates: [
        {
          templateId: 'often',
          requests: 3,
          openingWords: 20,
          promptTokens: { p50: 100 },
          outputTokens: { p50: 7 },
          windows: { 4096: 1, 8192: 2 },
          firstSeen: '1970-01-01T00:00:02.000Z',
          lastSeen: '1970-01-01T00:00:06.000Z',
        },
        { templateId: 'rare', requests: 1 },
      ],
    });
    expect(text).toContain('windows: 8192 (2), 4096 (1)');
    expect(text).toContain('80.0 %');
  });

  it('counts what was merged and forgotten, and lists neither', async () => {
    await write(
      detected(1, 'a'),
      detected(2, 'b'),
      detected(3, 'c'),
      event(4, 'templates.merged', { templateId: 'b', survivorId: 'a' }),
      event(5, 'template.evicted', { templateId: 'c', uses: 1 }),
    );
    expect((await listTemplates(file())).json).toMatchObject({
      templates: [{ templateId: 'a' }],
      merged: 1,
      evicted: 1,
    });
  });
});
