import { parseLoadFailure } from '../src/index.js';

const read = (message: unknown, status = 500) =>
  parseLoadFailure(status, Buffer.from(JSON.stringify({ error: message })));

describe('an error that says a runner did not start', () => {
  it('is told by the words of a real 0.34.4 that found too little memory', () => {
    const words =
      'llama-server process has terminated: exit status 1: ggml_aligned_malloc: insufficient memory (attempted to allocate 384.00 MB)\n' +
      'llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache';
    expect(read(words)).toBe('memory');
  });

  it.each([
    ['model requires more system memory (5.6 GiB) than is available (3.1 GiB)', 'memory'],
    ['llama runner process has terminated: cudaMalloc failed: out of memory', 'memory'],
    ['llama-server process has terminated: exit status 2', 'crash'],
    ['llama runner process no longer running: -1 ', 'crash'],
    ['timed out waiting for llama-server to start - ', 'timeout'],
  ])('%s', (message, kind) => {
    expect(read(message)).toBe(kind);
  });

  it('is none of the errors that a loaded model gives, nor anything with another status', () => {
    expect(read('no user query found in messages')).toBeNull();
    expect(read('an error was encountered while running the model: unexpected EOF')).toBeNull();
    expect(read('llama-server process has terminated: out of memory', 400)).toBeNull();
    expect(read({ message: 'out of memory' })).toBeNull();
    expect(parseLoadFailure(500, Buffer.from('not JSON, out of memory'))).toBeNull();
  });
});
