import { renderReference } from '@rightsize/configuration';
import { readFileSync } from 'node:fs';
import { KEYS } from '../src/configuration/keys.js';
import { REFERENCE_INTRODUCTION } from '../src/configuration/reference-introduction.js';

describe('docs/configuration.md', () => {
  it('is what `npm run docs:configuration` makes', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(renderReference(KEYS, REFERENCE_INTRODUCTION));
  });
});
