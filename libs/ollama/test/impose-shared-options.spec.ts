import { imposeSharedOptions } from '../src/index.js';

function imposed(body: string, wanted: Record<string, string> = {}): string | null {
  return imposeSharedOptions(Buffer.from(body), new Map(Object.entries(wanted)))?.toString() ?? null;
}

describe('options that all requests of a runner share', () => {
  it.each([
    ['{"model":"m"}', { num_thread: '4' }, '{"options":{"num_thread":4},"model":"m"}'],
    ['{"options":null}', { num_gpu: '20' }, '{"options":{"num_gpu":20}}'],
    ['{"options":{"num_thread":8,"seed":1}}', { num_thread: '4' }, '{"options":{"seed":1,"num_thread":4}}'],
    ['{"options":{"num_batch":512 , "seed": 1e400}}', {}, '{"options":{"seed": 1e400}}'],
    ['{"options":{"num_batch":null}}', {}, '{"options":{}}'],
    ['{"options":{"num_gpu":1,"num_gpu":2}}', { num_gpu: '2' }, '{"options":{"num_gpu":2}}'],
    ['{"OPTIONS":{"use_mmap":true,"x":"\\u00e9"}}', {}, '{"OPTIONS":{"x":"\\u00e9"}}'],
  ])('%s with %j is %s', (body, wanted, expected) => {
    expect(imposed(body, wanted as Record<string, string>)).toBe(expected);
  });

  it.each(['{"model":"m"}', '{"options":{"seed":1}}', '{"options":null}'])(
    '%s needs no edit and is the same',
    (body) => {
      const buffer = Buffer.from(body);
      expect(imposeSharedOptions(buffer, new Map())).toBe(buffer);
    },
  );

  it('that are there already are left as they are spelt', () => {
    const buffer = Buffer.from('{"options":{ "num_thread" : 4}}');
    expect(imposeSharedOptions(buffer, new Map([['num_thread', '4']]))).toBe(buffer);
  });

  it.each(['[]', '{"options":{"num_gpu":"many"}}', '{"options":{},"options":{}}', '{"options":7}'])(
    '%s is not ours to edit',
    (body) => {
      expect(imposed(body, { num_thread: '4' })).toBeNull();
    },
  );
});
