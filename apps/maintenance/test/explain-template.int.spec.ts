import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectionRunner } from '@rightsize/event-store';
import { openEventStorage } from '@rightsize/event-store-sqlite';
import { installationSecret, ReadModels } from '@rightsize/optimizer';
import { createSketcher, createTemplateDetector } from '@rightsize/optimizer-core';
import { explainTemplate } from '../src/explain-template.js';

let folder: string;
const db = (): string => join(folder, 'log.sqlite');
const MODEL = 'm:latest';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rightsize-explain-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const INSTRUCTION =
  'Read the letter of a customer below and tell in one short sentence which of our departments should answer it, and why.';
const labelled = (first: string, second: string, slot: string): string =>
  `Use the text given.\n\n${first}:\n${slot} one\n${second}:\n${slot} two\nThe answer is here:`;

/** The log after prompts as a gateway would have seen them; gives their templates. */
async function after(...prompts: readonly string[]): Promise<readonly (string | null)[]> {
  const { secret } = installationSecret(db());
  const sketcher = createSketcher(secret);
  const detector = createTemplateDetector();
  const { store, readModels, close } = await openEventStorage({ file: db() });
  let position = 0;
  const ids: (string | null)[] = [];
  for (const text of prompts) {
    const { templateId, events } = detector.detect(
      MODEL,
      sketcher.sketch({ segments: [{ role: 'prompt', text }], tools: '' }),
      [],
      1,
    );
    ids.push(templateId);
    for (const { type, data } of events) {
      const id = `01920000-0000-7000-8000-${String(++position).padStart(12, '0')}`;
      await store.append(`s-${position}`, [{ id, type, schemaVersion: 1, data: { ...data }, metadata: {} }]);
    }
  }
  const { knownTemplates } = new ReadModels();
  const runner = new ProjectionRunner(store, readModels, [knownTemplates]);
  await runner.start();
  await runner.waitFor(position);
  await runner.stop();
  await close();
  return ids;
}

function file(content: string): string {
  const path = join(folder, 'prompt');
  writeFileSync(path, content);
  return path;
}

describe('the explanation of a prompt', () => {
  it('names the template that won, and by what', async () => {
    const ids = await after(`${INSTRUCTION}\n\nDear all, the lamp is broken`, `${INSTRUCTION}\n\nHello, who pays me`);
    const body = JSON.stringify({ model: 'm', prompt: `${INSTRUCTION}\n\nGood day, my bill is wrong` });
    const { text, json } = await explainTemplate(db(), file(body), null);
    expect(json).toMatchObject({ models: [{ model: MODEL, templateId: ids[1], by: 'opening' }] });
    expect(text).toContain(`${ids[1]}, by its opening`);
    expect(text).toContain('won');
  });

  it('says of a candidate that came close why it is none', async () => {
    const ids = await after(...['ann', 'bob', 'cid'].map((slot) => labelled('Question', 'Paragraph', slot)));
    const { text, json } = await explainTemplate(db(), file(labelled('Paragraph', 'Question', 'dan')), 'm');
    expect(json).toMatchObject({
      models: [
        { templateId: null, candidates: [{ templateId: ids[2], by: 'skeleton', rejected: 'parts-in-another-order' }] },
      ],
    });
    expect(text).toContain('its parts come in another order');
  });

  it('of a prompt that is like none says so', async () => {
    await after(`${INSTRUCTION}\n\none`, `${INSTRUCTION}\n\ntwo`);
    expect((await explainTemplate(db(), file('something else'), null)).text).toContain(
      'it shares nothing with any template',
    );
  });

  it('is refused without the key, for a file that is not there and for a model that is not known', async () => {
    await after(`${INSTRUCTION}\n\none`, `${INSTRUCTION}\n\ntwo`);
    expect(() => explainTemplate(db(), join(folder, 'none'), null)).toThrow('does not exist');
    await expect(explainTemplate(db(), file('text'), 'other')).rejects.toThrow('no template of other:latest');
    rmSync(`${db()}.key`);
    await expect(explainTemplate(db(), file('text'), null)).rejects.toThrow('log.sqlite.key does not exist');
  });
});
