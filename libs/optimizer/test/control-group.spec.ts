import { isControl, type Session } from '../src/control-group.js';

const session = (over: Partial<Session> = {}): Session => ({
  model: 'm:latest',
  conversation: null,
  client: 'editor',
  templateId: 't',
  atMs: 7_200_000,
  ...over,
});

const conversations = Array.from({ length: 20_000 }, (_, at) => session({ conversation: at.toString(16) }));

describe('the control group', () => {
  it('is about as large a share of all sessions as was asked for, and empty by default', () => {
    const drawn = (share: number): number => conversations.filter((one) => isControl('secret', share, one)).length;
    expect(drawn(0)).toBe(0);
    expect(drawn(0.01)).toBeGreaterThan(130);
    expect(drawn(0.01)).toBeLessThan(270);
    expect(drawn(1)).toBe(conversations.length);
  });

  it('keeps a conversation on one side whoever asks and however long it takes', () => {
    for (const one of conversations.slice(0, 200)) {
      const later = { ...one, client: 'other', templateId: 'u', atMs: one.atMs + 86_400_000 };
      expect(isControl('secret', 0.5, later)).toBe(isControl('secret', 0.5, one));
    }
  });

  it('keeps what is no chat on one side for an hour, and draws again after it', () => {
    const sides = (minutes: number): boolean[] =>
      Array.from({ length: 64 }, (_, at) =>
        isControl('secret', 0.5, session({ client: `c${at}`, atMs: 7_200_000 + minutes * 60_000 })),
      );
    expect(sides(59)).toEqual(sides(0));
    expect(sides(60)).not.toEqual(sides(0));
  });

  it('cannot be foretold without the secret', () => {
    const drawn = (secret: string): string[] =>
      conversations.filter((one) => isControl(secret, 0.01, one)).map(({ conversation }) => conversation!);
    expect(drawn('another')).not.toEqual(drawn('secret'));
  });
});
