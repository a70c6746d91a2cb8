import { readdirSync } from 'node:fs';
import {
  createSketcher,
  createTemplateDetector,
  emptyMachineState,
  emptyModelStatistics,
  emptyTemplateStatistics,
  EVENT_TYPES,
  foldMachine,
  foldModel,
  foldTemplate,
  type DomainEvent,
  type TrafficEvent,
  type PromptSketch,
} from '../src/index.js';
import { golden, GOLDEN } from './given-events.js';

const traffic: readonly TrafficEvent[] = [
  golden('template.detected'),
  golden('template.split'),
  golden('templates.merged'),
  golden('template.evicted'),
  golden('request.optimized'),
  golden('request.completed'),
  golden('runner.reloaded'),
  golden('truncation.detected'),
  golden('request.refused'),
  golden('runner.load-failed'),
];
const history: readonly DomainEvent[] = [
  ...traffic,
  golden('policy.trained'),
  golden('policy.activated'),
  golden('operator.acted'),
  golden('safeguard.tripped'),
  golden('safeguard.lifted'),
  golden('safeguard.pulled'),
  golden('template.pinned'),
  golden('template.locked'),
  golden('template.forgotten'),
  golden('machine.memory-changed'),
  golden('request.turned-away'),
];
const { model, templateId } = golden('template.detected').data;

// Golden files are never edited; what they say must fold for as long as logs exist that hold them.
describe('events as they were first written', () => {
  it('are kept for every type', () => {
    const kept = readdirSync(GOLDEN).filter((file) => file.endsWith('.v1.json'));
    expect(kept.toSorted()).toEqual(
      Object.values(EVENT_TYPES)
        .map((type) => `${type}.v1.json`)
        .toSorted(),
    );
    expect(history.map(({ type }) => type).toSorted()).toEqual(Object.values(EVENT_TYPES).toSorted());
  });

  it('fold into the statistics of their model', () => {
    const statistics = traffic.reduce(foldModel, emptyModelStatistics(model));
    expect(statistics).toMatchObject({
      requests: 1,
      completions: 1,
      tainted: 0,
      calibration: { samples: 2 },
      outputs: { values: [82] },
      needs: { values: [342] },
      loadSeconds: { samples: 1, mean: 3.512 },
      prefillRate: { samples: 1 },
      decodeRate: { samples: 1, mean: 40 },
      windows: { 4096: 1 },
      reloads: 1,
      truncations: 1,
      lastSeenMs: 1_763_880_002_311,
    });
    expect(statistics.prefillRate.mean).toBeCloseTo(240 / 0.182);
  });

  it('fold into the statistics of their template', () => {
    expect(traffic.reduce(foldTemplate, emptyTemplateStatistics(templateId, model))).toMatchObject({
      requests: 1,
      completions: 1,
      prompts: { values: [260] },
      outputs: { values: [82] },
      firstSeenMs: 1_763_880_000_000,
      lastSeenMs: 1_763_880_002_311,
    });
  });

  it('fold into what was seen of the machine', () => {
    expect(traffic.reduce(foldMachine, emptyMachineState(model))).toMatchObject({
      failures: [{ window: 8192 }],
    });
  });

  it('give the detector back what it knew', () => {
    const detector = createTemplateDetector();
    const { definition, fingerprints } = golden('template.detected').data;
    detector.restore([{ ...golden('template.detected').data, mergedInto: null, evicted: false }]);
    const { hash, words } = definition.opening!;
    const sketch: PromptSketch = {
      ...createSketcher('golden').sketch({ segments: [{ role: 'prompt', text: 'and then' }], tools: '' }),
      nodes: Float64Array.of(Number.parseInt(hash, 16)),
      depths: Uint16Array.of(words),
    };
    expect(detector.detect(model, sketch, fingerprints, 0)).toMatchObject({ templateId, matched: true });
  });
});
