import { createHmac } from 'node:crypto';
import { assert, property, string } from 'fast-check';
import { keyedDigest } from '../src/keyed-digest.js';

describe('the keyed digest', () => {
  it('is the HMAC-SHA-256 of the text, whatever the length of secret and text', () => {
    assert(
      property(
        string({ maxLength: 200, unit: 'binary' }),
        string({ maxLength: 300, unit: 'binary' }),
        (secret, text) => {
          expect(keyedDigest(secret, text)).toBe(createHmac('sha256', secret).update(text).digest('hex'));
        },
      ),
    );
  });
});
