import type { DomainEvent, KnownTemplate, TemplateDefinition } from '@rightsize/optimizer-core';
import { ReadModels } from '../src/index.js';

const DEFINITION: TemplateDefinition = {
  exact: null,
  start: null,
  opening: { hash: '00000000000aa', words: 20 },
  segments: [],
};

const named = (templateId: string) => ({ templateId, model: 'm', definition: DEFINITION, fingerprints: [] });

function detected(templateId: string, atMs: number, definition = DEFINITION): DomainEvent {
  return { type: 'template.detected', data: { ...named(templateId), definition, atMs } };
}

function split(templateId: string, parentId: string): DomainEvent {
  return { type: 'template.split', data: { ...named(templateId), parentId, atMs: 7 } };
}

function merged(templateId: string, survivorId: string): DomainEvent {
  return { type: 'templates.merged', data: { templateId, survivorId, model: 'm', atMs: 8 } };
}

function completed(templateId: string, outputTokens: number): DomainEvent {
  return {
    type: 'request.completed',
    data: {
      requestId: `r${outputTokens}`,
      model: 'm',
      route: 'chat',
      templateId,
      status: 200,
      doneReason: 'stop',
      totalNs: 1,
      loadNs: 1,
      promptEvalNs: 1,
      evalNs: 1,
      promptTokens: 100,
      cachedTokens: 0,
      outputTokens,
      window: 4096,
      rawEstimate: 100,
      taints: [],
      atMs: 9,
    },
  };
}

function after(...events: readonly DomainEvent[]): ReadModels {
  const models = new ReadModels();
  for (const event of events) for (const rows of models.all) rows.applyDomain(event);
  return models;
}

const known = (models: ReadModels, id: string): KnownTemplate | null => models.knownTemplates.get(id);

describe('the read model of templates', () => {
  it('keeps the last definition and the first time', () => {
    const later = { ...DEFINITION, opening: { hash: '00000000000bb', words: 16 } };
    expect(known(after(detected('a', 5), detected('a', 6, later)), 'a')).toMatchObject({ definition: later, atMs: 5 });
  });

  it('knows where a merged template went and which one was forgotten, and keeps neither definition', () => {
    const forgotten: DomainEvent = {
      type: 'template.evicted',
      data: { templateId: 'c', model: 'm', uses: 1, atMs: 9 },
    };
    const models = after(detected('a', 1), detected('b', 2), detected('c', 3), merged('b', 'a'), forgotten);
    expect(known(models, 'a')).toMatchObject({ mergedInto: null, evicted: false });
    expect(known(models, 'b')).toMatchObject({ mergedInto: 'a', definition: { opening: null } });
    expect(known(models, 'c')).toMatchObject({ evicted: true, definition: { opening: null } });
  });
});

describe('the statistics of templates', () => {
  it('follow a merge to the survivor', () => {
    const models = after(detected('a', 1), detected('b', 2), completed('a', 10), completed('b', 20), merged('b', 'a'));
    expect(models.templates.get('a')).toMatchObject({ completions: 2, firstSeenMs: 1 });
    expect(models.templates.get('a')?.outputs.values.toSorted()).toEqual([10, 20]);
  });

  it('of one that split off begin with what the parent knew', () => {
    const models = after(detected('a', 1), completed('a', 10), split('b', 'a'), completed('b', 30));
    expect(models.templates.get('b')).toMatchObject({ completions: 1, outputs: { values: [10, 30] } });
    expect(models.templates.get('a')).toMatchObject({ completions: 1, outputs: { values: [10] } });
  });
});
