import { readSlashCommand } from '../src/index.js';

const chat = (...contents: string[]) =>
  Buffer.from(`{ "n": 12345678901234567890, "messages":[${contents.join(',')}] , "stream":false}`);
const user = (content: string) => `{"content":${content}, "role":"user"}`;

describe('a slash command', () => {
  it.each([
    ['"/opt"', 'optimize', '""', true],
    ['"/opt sum this up"', 'optimize', '"sum this up"', false],
    ['" \\n/opt off  sum"', 'off', '"sum"', false],
    ['"\\/opt\\u0020status"', 'status', '""', true],
    ['"/opt explain\\nwhy \\ud83d\\ude00 \u00e9"', 'explain', '"why \\ud83d\\ude00 \u00e9"', false],
    ['"/opt offline mode"', 'optimize', '"offline mode"', false],
  ])('is read and cut out of the text, every other byte kept: %s', (content, name, rest, isAlone) => {
    const body = chat('{"role":"system","content":"/opt off"}', user(content));
    const expected = chat('{"role":"system","content":"/opt off"}', user(rest));
    expect(readSlashCommand('chat', body)).toEqual({ name, body: expected, isAlone });
    expect(readSlashCommand('generate', Buffer.from(`{"prompt":${content}}`))).toEqual({
      name,
      body: Buffer.from(`{"prompt":${rest}}`),
      isAlone,
    });
  });

  it.each(['"/opt/bin is a folder"', '"/optimal"', '"what is /opt"', '"use /opt status"', '["/opt"]', '"/Opt"'])(
    'is none in %s',
    (content) => {
      expect(readSlashCommand('chat', chat(user(content)))).toBeNull();
    },
  );

  it('counts in the last message of the user only, and is cut out of all of them', () => {
    const reply = '{"role":"assistant","content":"/opt off"}';
    expect(readSlashCommand('chat', chat(user('"/opt a"'), reply, user('"b"')))).toEqual({
      name: null,
      body: chat(user('"a"'), reply, user('"b"')),
      isAlone: false,
    });
    expect(readSlashCommand('chat', chat(user('"/opt off a"'), reply, user('"/opt b"'), reply))?.name).toBe('optimize');
  });

  it('is none in what is no request', () => {
    for (const body of ['', '/opt', '{"messages":"/opt"}', '{"messages":[{"role":"user","content":"/opt}'])
      expect(readSlashCommand('chat', Buffer.from(body))).toBeNull();
  });
});
