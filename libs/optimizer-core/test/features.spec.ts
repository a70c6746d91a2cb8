import { features, MODEL, prose } from './given.js';

describe('features of a request', () => {
  it('carry sizes and fingerprints and none of the text', () => {
    const canary = 'zanzibarcanary';
    const kept = JSON.stringify(
      features('', {
        route: 'chat',
        segments: [
          { role: 'system', text: `${canary} ${prose(80, 1)}` },
          { role: 'user', text: canary },
        ],
        tools: `[{"name":"${canary}"}]`,
      }),
    );
    expect(kept).not.toContain(canary);
    expect(kept).toContain(MODEL);
  });

  it('measure system prompt, tools and messages apart', () => {
    const found = features('', {
      segments: [
        { role: 'system', text: 'déjà' },
        { role: 'user', text: 'two words' },
      ],
      tools: '[{"type":"function"}]',
    });
    expect(found).toMatchObject({ systemBytes: 6, textBytes: 15, toolBytes: 21, messageCount: 2, pieces: 3 });
    expect(found.toolPieces).toBeGreaterThan(2);
  });

  it('carry over what the client asked for', () => {
    const asked = {
      numPredict: 7,
      numCtx: 4096,
      stream: false,
      preload: true,
      unload: true,
      think: true,
      imageCount: 2,
    };
    expect(features('x', asked)).toMatchObject(asked);
  });

  it('fingerprint the leading part', () => {
    expect(features(prose(200, 1)).fingerprints.map(({ tokens }) => tokens)).toEqual([64, 128]);
  });
});
