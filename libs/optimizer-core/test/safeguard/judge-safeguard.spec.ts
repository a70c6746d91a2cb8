import { emptySafeguardState, foldSafeguard, judgeSafeguard } from '../../src/index.js';
import { exceedsByChance } from '../../src/safeguard/exceeds-by-chance.js';
import { seededRandom } from '../../src/training/seeded-random.js';
import { golden } from '../given-events.js';
import { FAILED, FINE, Life, MODEL, type Fate } from './given-answers.js';

const tripped = golden('safeguard.tripped');
const againstControl: typeof tripped = { ...tripped, data: { ...tripped.data, against: 'control' } };
const lifted = golden('safeguard.lifted');

describe('the safeguard of a model, given a quiet first hour', () => {
  it.each<[string, string, Fate]>([
    ['failures', 'the server fails', FAILED],
    ['failures', 'windows fail to load', { loadFails: true }],
    ['failures', 'streams break off', { taints: ['failed'] }],
    ['cuts', 'prompts are cut or answers outgrow their windows', { cut: true }],
    ['reloads', 'decisions reload it', { reload: 'decision' }],
  ])('trips on %s when %s', (harm, _words, fate) => {
    expect(judgeSafeguard(new Life().firstHour(60).then(20, fate).state)).toMatchObject({
      harm,
      against: 'baseline',
      reference: { harmed: 0, completions: 60 },
    });
  });

  it.each<[string, Fate]>([
    ['clients leave', { status: 0, taints: ['cancelled', 'failed'] }],
    ['the server refuses what is asked', { status: 404, taints: ['failed'] }],
    ['the server is busy', { status: 503, taints: ['failed'] }],
    ['the server is not there', { status: 0, taints: ['failed'] }],
    ['the model was unloaded for want of work', { reload: 'first' }],
    ['somebody else reloads it', { reload: 'foreign' }],
    ['requests that went as they came fail', { ...FAILED, imposed: false }],
  ])('does not trip when %s', (_words, fate) => {
    expect(judgeSafeguard(new Life().firstHour(60).then(200, fate).state)).toBeNull();
  });

  it('trips within a dozen answers once every one fails, after however long a good time', () => {
    const life = new Life().firstHour(60).then(1_000);
    const until = Array.from({ length: 20 }, () => judgeSafeguard(life.then(1, FAILED).state) !== null).indexOf(true);
    expect(until).toBeGreaterThan(3);
    expect(until).toBeLessThan(12);
  });

  it('sees a slow rise too, over more answers', () => {
    const life = new Life().firstHour(400).then(200, (at) => (at % 12 === 0 ? FAILED : FINE));
    expect(judgeSafeguard(life.state)).toMatchObject({ harm: 'failures' });
  });

  it('does not trip on four failures, whatever they are compared with', () => {
    expect(judgeSafeguard(new Life().firstHour(5_000).then(4, FAILED).then(6).state)).toBeNull();
  });
});

describe('the safeguard of a model', () => {
  it('does not trip in its first hour, nor while too little is known to compare with', () => {
    expect(judgeSafeguard(new Life().then(200, FAILED).state)).toBeNull();
    expect(judgeSafeguard(new Life().firstHour(10).then(15, FAILED).state)).toBeNull();
  });

  it('does not trip when it was as bad in the first hour', () => {
    const often = (at: number): Fate => (at % 3 === 0 ? FAILED : FINE);
    expect(judgeSafeguard(new Life().firstHour(90, often).then(200, often).state)).toBeNull();
  });

  it('is compared with requests that went as they came, where there are enough of those', () => {
    const bad = new Life()
      .firstHour(60)
      .then(40, { ...FAILED, control: true })
      .then(20, FAILED);
    expect(judgeSafeguard(bad.state)).toBeNull();
    const soon = new Life().firstHour(40, { control: true }).firstHour(20, FAILED);
    expect(judgeSafeguard(soon.state)).toMatchObject({ harm: 'failures', against: 'control' });
    expect(judgeSafeguard(soon.told(againstControl, lifted).state)).toBeNull();
    const good = new Life().then(40, { control: true }).firstHour(40, FAILED).then(20, FAILED);
    expect(judgeSafeguard(good.state)).toMatchObject({ harm: 'failures', against: 'control' });
  });

  it('does not trip twice, and begins anew once it is lifted', () => {
    const life = new Life().firstHour(60).then(20, FAILED).told(tripped);
    expect(judgeSafeguard(life.state)).toBeNull();
    expect(life.told(lifted).state).toMatchObject({ tripped: null, recent: [] });
    expect(judgeSafeguard(life.then(3, FAILED).state)).toBeNull();
    expect(judgeSafeguard(life.then(20, FAILED).state)).not.toBeNull();
  });

  it('raises no false alarm in 20 lives of 2,000 requests of which one in ten fails, at random', () => {
    const alarms = Array.from({ length: 20 }, (_, seed) => {
      const random = seededRandom(seed + 1);
      const life = new Life().firstHour(200, () => (random() < 0.1 ? FAILED : FINE));
      life.then(2_000, () => (random() < 0.1 ? FAILED : FINE));
      let state = emptySafeguardState(MODEL);
      return life.events.some((event) => {
        state = foldSafeguard(state, event);
        return judgeSafeguard(state) !== null;
      });
    });
    expect(alarms.filter(Boolean)).toHaveLength(0);
  });

  it('keeps a bounded state, the same for the same events', () => {
    const life = new Life().firstHour(50).then(3_000, (at) => (at % 40 === 0 ? FAILED : FINE));
    expect(life.state).toEqual(life.state);
    expect(JSON.stringify(life.state).length).toBeLessThan(3_000);
    expect(JSON.parse(JSON.stringify(life.state))).toEqual(life.state);
  });
});

describe("Fisher's exact test", () => {
  it('gives the chances of the lady who tastes tea', () => {
    const reference = { harmed: 1, completions: 4 };
    expect(exceedsByChance({ harmed: 4, completions: 4 }, { harmed: 0, completions: 4 })).toBeCloseTo(1 / 70, 10);
    expect(exceedsByChance({ harmed: 3, completions: 4 }, reference)).toBeCloseTo(17 / 70, 10);
    expect(exceedsByChance({ harmed: 0, completions: 4 }, reference)).toBeCloseTo(1, 10);
  });

  it('holds for large counts', () => {
    const chance = exceedsByChance({ harmed: 20, completions: 200 }, { harmed: 5_000, completions: 100_000 });
    expect(chance).toBeGreaterThan(0.001);
    expect(chance).toBeLessThan(0.01);
  });
});
