import { renderReference } from '@rightsize/configuration';
import { writeFileSync } from 'node:fs';
import { KEYS } from './keys.js';
import { REFERENCE_INTRODUCTION } from './reference-introduction.js';

// `npm run docs:configuration`, from the top folder.
writeFileSync('docs/configuration.md', renderReference(KEYS, REFERENCE_INTRODUCTION));
