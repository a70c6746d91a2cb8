import { isAtLeast, kvBytesPerToken, kvCacheOf, parsePs, parseShow, parseTags, parseVersion } from '@rightsize/ollama';

describe('parsePs', () => {
  it('reads what is loaded', () => {
    const entry = {
      name: 'a:latest',
      model: 'a:latest',
      size: 10,
      digest: 'd',
      expires_at: '2026-11-01T00:00:00.5Z',
      size_vram: 4,
      context_length: 1000,
    };
    expect(parsePs({ models: [entry, { name: 'old:1' }, { digest: 'x' }, 7] })).toEqual([
      {
        name: 'a:latest',
        digest: 'd',
        contextLength: 1000,
        sizeBytes: 10,
        sizeVramBytes: 4,
        expiresAtMs: Date.UTC(2026, 10, 1, 0, 0, 0, 500),
      },
      { name: 'old:1', digest: '', contextLength: null, sizeBytes: null, sizeVramBytes: null, expiresAtMs: null },
    ]);
  });

  it.each([null, 'x', {}, { models: null }])('has nothing for %j', (json) => {
    expect(parsePs(json)).toEqual([]);
  });
});

describe('parseTags', () => {
  it('reads sizes', () => {
    expect(parseTags({ models: [{ name: 'a:latest', size: 5, digest: 'd' }, {}] })).toEqual([
      { name: 'a:latest', digest: 'd', sizeBytes: 5 },
    ]);
  });
});

const llama = {
  'general.architecture': 'llama',
  'llama.context_length': 131072,
  'llama.block_count': 32,
  'llama.embedding_length': 4096,
  'llama.attention.head_count': 32,
  'llama.attention.head_count_kv': 8,
};

describe('parseShow', () => {
  it('tells by its file who shares a runner, and by its format who takes no options', () => {
    const blob = 'ab'.repeat(32);
    const modelfile = `# Modelfile\n# FROM m\n\nFROM /root/.ollama/models/blobs/sha256-${blob}\nTEMPLATE x\n`;
    expect(parseShow('m', { modelfile })).toMatchObject({ blob, takesNoOptions: false });
    expect(parseShow('m', { details: { format: 'safetensors' } })).toMatchObject({ blob: null, takesNoOptions: true });
  });

  it('reads facts, and the window out of the text of parameters', () => {
    const parameters = 'stop                           "num_ctx 9"\nnum_ctx                        8192\ntemperature 1';
    expect(parseShow('m', { model_info: llama, parameters, capabilities: ['completion', 4] })).toEqual({
      model: 'm',
      trainedContext: 131072,
      kvBytesPerToken: 131072,
      weightsBytes: null,
      modelfileNumCtx: 8192,
      remote: false,
      blob: null,
      takesNoOptions: false,
      capabilities: ['completion'],
    });
  });

  it('knows a model that runs elsewhere by its host or by its name', () => {
    expect(parseShow('m', { remote_host: 'https://ollama.com' })?.remote).toBe(true);
    expect(parseShow('m:cloud', {})?.remote).toBe(true);
    expect(parseShow('m', {})).toMatchObject({
      remote: false,
      trainedContext: null,
      kvBytesPerToken: null,
      weightsBytes: null,
      modelfileNumCtx: null,
    });
    expect(parseShow('m', 'x')).toBeNull();
  });
});

describe('kvBytesPerToken', () => {
  it('takes the head size from the embedding where keys and values name none', () => {
    expect(kvBytesPerToken(llama)).toBe(32 * 8 * 256 * 2);
    expect(kvBytesPerToken({ ...llama, 'llama.attention.key_length': 64, 'llama.attention.value_length': 32 })).toBe(
      32 * 8 * 96 * 2,
    );
  });

  it('sums layers that differ, those without attention included', () => {
    expect(kvBytesPerToken({ ...llama, 'llama.block_count': 4, 'llama.attention.head_count_kv': [0, 8, 0, 4] })).toBe(
      12 * 256 * 2,
    );
  });

  it('leaves out layers with a sliding window, by pattern or by what is known of the architecture', () => {
    const sliding = { ...llama, 'llama.block_count': 4, 'llama.attention.sliding_window': 1024 };
    expect(kvBytesPerToken(sliding)).toBe(4 * 8 * 256 * 2);
    const pattern = [true, true, true, false];
    expect(kvBytesPerToken({ ...sliding, 'llama.attention.sliding_window_pattern': pattern })).toBe(8 * 256 * 2);
    expect(kvBytesPerToken({ ...sliding, 'llama.attention.sliding_window_pattern': 2 })).toBe(2 * 8 * 256 * 2);
    const gemma = Object.fromEntries(
      Object.entries(sliding).map(([key, value]) => [key.replace('llama', 'gemma3'), value]),
    );
    expect(kvBytesPerToken({ ...gemma, 'general.architecture': 'gemma3', 'gemma3.block_count': 12 })).toBe(
      2 * 8 * 256 * 2,
    );
  });

  it('counts what sliding layers hold once their part is full apart', () => {
    const sliding = { ...llama, 'llama.block_count': 4, 'llama.attention.sliding_window': 1024 };
    const pattern = { ...sliding, 'llama.attention.sliding_window_pattern': [true, true, true, false] };
    expect(kvCacheOf(pattern)).toEqual({ perToken: 8 * 256 * 2, fixed: 3 * 8 * 256 * 2 * 1024 });
    expect(parseShow('m', { model_info: pattern })?.kvFixedBytes).toBe(3 * 8 * 256 * 2 * 1024);
    expect(parseShow('m', { model_info: llama })).not.toHaveProperty('kvFixedBytes');
  });

  it('says nothing when the server does not say enough', () => {
    expect(kvBytesPerToken({ ...llama, 'llama.attention.head_count_kv': null })).toBeNull();
    expect(kvBytesPerToken({ ...llama, 'llama.block_count': undefined })).toBeNull();
    expect(kvBytesPerToken({})).toBeNull();
  });
});

describe('versions', () => {
  it('reads and compares them', () => {
    expect(parseVersion({ version: '0.34.4' })).toEqual([0, 34, 4]);
    expect(parseVersion({ version: '0.30.0-rc1' })).toEqual([0, 30, 0]);
    expect(parseVersion({})).toBeNull();
    expect(isAtLeast([0, 30, 0], [0, 30, 0])).toBe(true);
    expect(isAtLeast([0, 29, 9], [0, 30, 0])).toBe(false);
    expect(isAtLeast([1, 0, 0], [0, 30, 5])).toBe(true);
  });
});
