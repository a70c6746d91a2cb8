import {
  emptyModelStatistics,
  estimatePrompt,
  type ModelStatistics,
  type PromptSegment,
  type RequestFeatures,
} from '../src/index.js';
import { afterPrompt, chances, features, MODEL, modelAfter, sizedFeatures, times } from './given.js';

const empty = emptyModelStatistics(MODEL);

/** Learns prompts of random sizes that count what `count` says. */
function learnt(
  prompts: number,
  sizes: (chance: () => number) => RequestFeatures,
  count: (features: RequestFeatures, chance: () => number) => number,
): ModelStatistics {
  const chance = chances(7);
  let statistics = empty;
  for (let i = 0; i < prompts; i++) {
    const prompt = sizes(chance);
    statistics = afterPrompt(statistics, prompt, Math.round(count(prompt, chance)));
  }
  return statistics;
}

describe('a calibration over the sizes of prompts', () => {
  const mixed = (chance: () => number): RequestFeatures =>
    sizedFeatures(Math.round(2000 * chance()), { wideChars: chance() < 0.5 ? 0 : Math.round(2000 * chance()) });
  const takes = ({ pieces, wideChars }: RequestFeatures): number => 20 + 1.1 * pieces + 0.55 * wideChars;

  it('learns each script by itself, where one ratio for all would be wrong for both', () => {
    const statistics = learnt(60, mixed, takes);
    for (const prompt of [sizedFeatures(1500), sizedFeatures(20, { wideChars: 1500 })]) {
      expect(Math.abs(estimatePrompt(prompt, statistics).mean / takes(prompt) - 1)).toBeLessThan(0.02);
    }
  });

  it('learns that a model wraps a chat and leaves a prompt as it is', () => {
    const either = (chance: () => number): RequestFeatures =>
      sizedFeatures(Math.round(300 * chance()), { route: chance() < 0.5 ? 'chat' : 'generate' });
    const statistics = learnt(80, either, ({ route, pieces }) => pieces + (route === 'chat' ? 30 : 2));
    const { mean } = estimatePrompt(sizedFeatures(40, { route: 'chat' }), statistics);
    expect(Math.abs(mean - 70)).toBeLessThan(4);
    expect(Math.abs(estimatePrompt(sizedFeatures(40), statistics).mean - 42)).toBeLessThan(4);
  });

  it('doubts one count that is far from all others', () => {
    const statistics = learnt(60, mixed, takes);
    const prompt = sizedFeatures(1000);
    const shaken = afterPrompt(statistics, prompt, 100_000);
    expect(estimatePrompt(prompt, shaken).mean / estimatePrompt(prompt, statistics).mean).toBeLessThan(1.05);
  });

  it('goes on from rows that were written before it existed', () => {
    const { prompts: _prompts, pendingPrompts: _pending, ...old } = modelAfter(...times(5, {}));
    expect(estimatePrompt(sizedFeatures(100), old).mean).toBeGreaterThan(50);
    expect(afterPrompt(old, sizedFeatures(100), 120).prompts!.bands.model.samples).toBe(11);
  });

  it('is the same after a restart, number for number', () => {
    const statistics = learnt(30, mixed, takes);
    const restarted = JSON.parse(JSON.stringify(statistics)) as ModelStatistics;
    const next = (from: ModelStatistics): ModelStatistics => afterPrompt(from, sizedFeatures(300), 345);
    expect(JSON.stringify(next(restarted))).toBe(JSON.stringify(next(statistics)));
  });

  it('learns nothing from counts of prompts that were cut', () => {
    expect(afterPrompt(empty, sizedFeatures(4000), 2050, { taints: ['truncated'] }).prompts).toEqual(empty.prompts);
  });
});

describe('prompts of a template', () => {
  const prompt = sizedFeatures(500);
  const others = learnt(
    50,
    (chance) => sizedFeatures(Math.round(1000 * chance())),
    ({ pieces }) => pieces + 10,
  );
  const own = (statistics: ModelStatistics): ModelStatistics =>
    afterPrompt(statistics, prompt, 600, { templateId: 'dense' });
  const estimate = (statistics: ModelStatistics, templateId: string | null): number =>
    estimatePrompt(prompt, statistics, templateId === null ? null : { templateId }).mean;

  it('are estimated by what they counted before, and leave the others alone', () => {
    const statistics = times(8, own).reduce((known, learn) => learn(known), others);
    expect(Math.abs(estimate(statistics, 'dense') / 600 - 1)).toBeLessThan(0.01);
    expect(Math.abs(estimate(statistics, 'other') / 510 - 1)).toBeLessThan(0.06);
  });

  it('are bound the closer the more they are alike', () => {
    const statistics = times(20, own).reduce((known, learn) => learn(known), others);
    const { mean, bound } = estimatePrompt(prompt, statistics, { templateId: 'dense' });
    expect(bound / mean).toBeLessThan(1.05);
  });

  it('are taken together by their system prompt and tools while no template is known', () => {
    const client = sizedFeatures(500, { systemBytes: 1234 });
    const statistics = times(8, client).reduce((known, one) => afterPrompt(known, one, 600), others);
    expect(Math.abs(estimatePrompt(client, statistics).mean / 600 - 1)).toBeLessThan(0.02);
    expect(estimate(statistics, null)).toBeLessThan(560);
  });

  it('take no more than so much room', () => {
    let statistics = others;
    for (let i = 0; i < 400; i++) statistics = afterPrompt(statistics, prompt, 600, { templateId: `t${i}` });
    expect(statistics.prompts!.groups.length).toBe(256);
    expect(statistics.prompts!.groups.at(-1)!.group).toBe('t:t399');
  });
});

describe('a turn of a conversation', () => {
  const say = (role: PromptSegment['role'], words: number): PromptSegment => ({
    role,
    text: Array.from({ length: words }, (_, i) => `plain${i % 7 === 0 ? ',' : ''} word`).join(' '),
  });
  const opening = [say('system', 800), say('user', 30)];
  const chat = (segments: readonly PromptSegment[]): RequestFeatures => features('', { route: 'chat', segments });
  const first = chat(opening);
  /** Half as many again as anybody would expect. */
  const counted = 1.5 * estimatePrompt(first, null).mean;
  const statistics = afterPrompt(empty, first, counted);
  const added = [say('assistant', 20), say('tool', 40), say('assistant', 5), say('user', 10)];

  it('is estimated from the count of the turn before, and only what is new is guessed', () => {
    const { mean, bound } = estimatePrompt(chat([...opening, ...added]), statistics);
    const news = estimatePrompt(chat(added), null).mean;
    expect(Math.abs(mean / (counted + news) - 1)).toBeLessThan(0.035);
    expect(bound / mean).toBeLessThan(1.1);
  });

  it('is estimated to be what it was when it is asked for again', () => {
    expect(estimatePrompt(first, statistics).mean).toBe(Math.round(counted));
  });

  it('is not mixed up with another conversation that only opens alike', () => {
    const other = chat([opening[0]!, say('user', 31), ...added]);
    expect(estimatePrompt(other, statistics)).toEqual(estimatePrompt({ ...other, turns: [] }, statistics));
  });

  it('replaces the one before, and the latest conversations take no more than so much room', () => {
    let known = afterPrompt(statistics, chat([...opening, ...added]), 2 * counted);
    expect(known.prompts!.turns).toHaveLength(1);
    for (let words = 1; words <= 300; words++) known = afterPrompt(known, chat([say('user', words)]), 100 + words);
    expect(known.prompts!.turns).toHaveLength(256);
  });
});

describe('the bound of an estimate', () => {
  it.each([
    ['with tails like a normal one', (chance: () => number) => chance() + chance() + chance() - 1.5],
    ['with heavy tails', (chance: () => number) => 0.1 * (1 / (0.02 + chance()) - 2)],
    [
      'that errs little and now and then much',
      (chance: () => number) => (chance() < 0.05 ? chance() : 0.02 * chance()),
    ],
  ])('is exceeded by one prompt in a hundred, by a spread %s', (_name, error) => {
    const chance = chances(3);
    let statistics = empty;
    let exceeded = 0;
    for (let i = 0; i < 4000; i++) {
      const prompt = sizedFeatures(1000);
      const counted = Math.max(50, Math.round(1000 * (1 + 0.1 * error(chance))));
      if (counted > estimatePrompt(prompt, statistics).bound) exceeded++;
      statistics = afterPrompt(statistics, prompt, counted);
    }
    expect(exceeded / 4000).toBeGreaterThan(0.005);
    expect(exceeded / 4000).toBeLessThan(0.015);
  });
});
