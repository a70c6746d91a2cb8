import { imposeNumBatch, imposeNumCtx } from '../src/index.js';

const imposed = (body: string, numBatch: number) => imposeNumBatch(Buffer.from(body), numBatch)?.toString() ?? null;

describe('imposing num_batch', () => {
  it("puts it into the options, in the place of the client's own, and keeps every other byte", () => {
    expect(imposed('{"model":"m"}', 512)).toBe('{"options":{"num_batch":512},"model":"m"}');
    expect(imposed('{"options": {"seed":1e400 }}', 512)).toBe('{"options": {"num_batch":512,"seed":1e400 }}');
    expect(imposed('{"options":{"num_batch" : 64,"num_ctx":1}}', 512)).toBe(
      '{"options":{"num_batch" : 512,"num_ctx":1}}',
    );
    expect(imposed('{"options":7}', 512)).toBeNull();
  });

  it('goes together with a window', () => {
    const windowed = imposeNumCtx(Buffer.from('{"model":"m"}'), 8192)!;
    expect(JSON.parse(imposeNumBatch(windowed, 1024)!.toString())).toEqual({
      options: { num_ctx: 8192, num_batch: 1024 },
      model: 'm',
    });
  });
});
