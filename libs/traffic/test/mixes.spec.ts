import { MIXES } from '../src/mixes.js';
import { withAnswerLimit, type Workload } from '../src/step.js';

const OPTIONS = { model: 'm', seed: 1, size: 1 };

function windows(workload: Workload): readonly unknown[] {
  return [...new Set(workload.flat().map(({ body }) => body.options?.['num_ctx']))];
}

describe.each(MIXES)('the mix $name', ({ clients, agree }) => {
  it('has five clients and some fifty requests, the same for the same seed and others for another', () => {
    const workload = clients(OPTIONS);
    expect(workload).toHaveLength(5);
    expect(workload.flat().length).toBeGreaterThan(40);
    expect(workload.flat().length).toBeLessThan(65);
    expect(clients(OPTIONS)).toEqual(workload);
    expect(clients({ ...OPTIONS, seed: 2 })).not.toEqual(workload);
  });

  it('asks for one window where its clients agree, and for several where they do not', () => {
    expect(windows(clients(OPTIONS)).length > 1).toBe(!agree);
  });
});

it('a conversation carries what was said before, as it was when it was said', () => {
  const turns = MIXES.find(({ name }) => name === 'agents')!.clients(OPTIONS)[0]!;
  const lengths = turns.map(({ body }) => (body['messages'] as unknown[]).length);
  expect(lengths).toEqual(turns.map((_, turn) => 2 * turn + 2));
});

it('an answer limit shortens answers, and lengthens none', () => {
  const workload = MIXES.find(({ name }) => name === 'documents')!.clients(OPTIONS);
  const limits = withAnswerLimit(workload, 24)
    .flat()
    .map(({ body }) => body.options?.['num_predict'] as number);
  expect(new Set(limits)).toEqual(new Set([24, 6, 4]));
});
