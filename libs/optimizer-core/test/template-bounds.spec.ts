import { DEFAULT_TUNING, type PromptSketch } from '../src/index.js';
import { ModelTemplates } from '../src/templates/model-templates.js';
import { SegmentIndex } from '../src/templates/segment-index.js';

const bounds = { singles: 200, templates: 100, nodes: 4096, tuning: DEFAULT_TUNING };

function run(stream: Iterable<PromptSketch>): ModelTemplates {
  const templates = new ModelTemplates('m', bounds);
  for (const prompt of stream) {
    templates.place(prompt, []);
    templates.evict();
  }
  return templates;
}

/** What is kept of more than it may be. */
function excess({ counts }: ModelTemplates): readonly string[] {
  const clusters = bounds.singles + bounds.templates;
  const most = {
    singles: bounds.singles,
    templates: bounds.templates,
    nodes: bounds.nodes,
    texts: 2 * clusters,
    segments: 144 * clusters,
  };
  return Object.entries(most).flatMap(([name, bound]) => (counts[name as keyof typeof most] > bound ? [name] : []));
}

/** Numbers in place of hashes: the hashing itself is bounded elsewhere, and slow by the thousand. */
function made(nodes: readonly number[], segments: readonly number[], exact: number): PromptSketch {
  return {
    exact,
    grown: false,
    nodes: Float64Array.from(nodes),
    depths: Uint16Array.from(nodes, (_, i) => 16 + 8 * i),
    segments: Float64Array.from(segments),
    weights: new Uint8Array(segments.length).fill(5),
    sides: new Uint8Array(segments.length),
    paragraph: false,
  };
}

function* prompts(count: number, sketchOf: (i: number) => PromptSketch): Generator<PromptSketch> {
  for (let i = 0; i < count; i++) yield sketchOf(i);
}

describe('memory stays bounded', () => {
  it('with ten thousand forks at one node', () => {
    expect(excess(run(prompts(10_000, (i) => made([7, ...own(i, 5)], [], i))))).toEqual([]);
  });

  it('with thousands of prompts that are alike in nothing', () => {
    expect(excess(run(prompts(5_000, (i) => made(own(i, 20), own(i, 30), i))))).toEqual([]);
  });

  it('with thousands of templates', () => {
    expect(
      excess(run(prompts(5_000, (i) => made([...own(i >> 1, 9), ...own(1e6 + i, 9)], own(i >> 1, 9), i)))),
    ).toEqual([]);
  });

  it('with thousands of prompts that share a line each with all others', () => {
    expect(excess(run(prompts(5_000, (i) => made([], [i % 40, 50 + ((i * 7) % 40), 1000 + i], i))))).toEqual([]);
  });
});

/** So many keys that only `i` has. */
function own(i: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => 1_000 + i * 1_000 + k);
}

describe('an index of segments', () => {
  it('names no more clusters for a segment than it is wide, the latest ones', () => {
    const index = new SegmentIndex(16);
    for (let handle = 1; handle <= 10_000; handle++) index.add(1, handle);
    const shared = index.shared(made([], [1], 1));
    expect(shared.size).toBe(16);
    expect(shared.get(10_000)).toBe(5);
  });

  it('forgets a segment with its last cluster', () => {
    const index = new SegmentIndex(16);
    index.add(1, 5);
    index.add(1, 5);
    index.remove(1, 5);
    expect(index.size).toBe(0);
  });
});

describe('keys that collide', () => {
  it('end in one cluster and no endless walk', () => {
    const colliding = (i: number): PromptSketch => ({
      ...made([], [], i),
      nodes: new Float64Array(500).fill(42),
      depths: new Uint16Array(500).fill(20),
      segments: new Float64Array(100).fill(43),
      weights: new Uint8Array(100).fill(1),
    });
    const templates = run(Array.from({ length: 500 }, (_, i) => colliding(i)));
    expect(excess(templates)).toEqual([]);
    expect(templates.counts.templates).toBe(1);
  });
});
