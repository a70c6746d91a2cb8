import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Problem, RawSection, Setting } from './setting.js';

/** A configuration is a page or two; whatever is larger, bytes, is not one. */
const MAX_BYTES = 1_048_576;

export interface FileReading {
  readonly settings: readonly Setting[];
  readonly sections: readonly RawSection[];
  readonly problems: readonly Problem[];
}

const SECTIONS: Readonly<Record<string, RawSection['scope']>> = { models: 'model', clients: 'client' };

/** Reads a YAML file of settings; each remembers its line. What is not YAML is a problem, not an exception. */
export function readYamlFile(file: string): FileReading {
  try {
    if (statSync(file).size > MAX_BYTES) return broken(file, `is larger than ${MAX_BYTES} bytes`);
    return readYaml(readFileSync(file, 'utf8'), basename(file));
  } catch (error) {
    return broken(file, `cannot be read: ${(error as Error).message}`);
  }
}

function broken(where: string, message: string): FileReading {
  return { settings: [], sections: [], problems: [{ where, message }] };
}

export function readYaml(source: string, name: string): FileReading {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const where = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({ where: where(pos[0]), message }));
    return { settings: [], sections: [], problems };
  }
  if (document.contents === null) return { settings: [], sections: [], problems: [] };
  if (!isMap(document.contents)) return broken(`${name}:1`, 'must hold keys with values, like "mode: shadow"');
  return new Walk(where).root(document.contents);
}

/** Flattens maps into names joined by dots. */
class Walk {
  readonly #where: (offset: number) => string;
  readonly #problems: Problem[] = [];

  constructor(where: (offset: number) => string) {
    this.#where = where;
  }

  root(map: YAMLMap): FileReading {
    const settings: Setting[] = [];
    const sections: RawSection[] = [];
    for (const pair of map.items) {
      const scope = SECTIONS[nameOf(pair)];
      if (scope === undefined) settings.push(...this.#pair(pair, ''));
      else sections.push(...this.#globs(pair, scope));
    }
    return { settings, sections, problems: this.#problems };
  }

  #globs(pair: Pair, scope: RawSection['scope']): readonly RawSection[] {
    if (!isMap(pair.value)) {
      this.#problems.push({
        where: this.#line(pair),
        message: `"${nameOf(pair)}" must hold names, and for each of them settings`,
      });
      return [];
    }
    return pair.value.items.flatMap((item) => {
      if (isMap(item.value)) return [{ scope, glob: nameOf(item), settings: this.#map(item.value, '') }];
      this.#problems.push({ where: this.#line(item), message: `"${nameOf(item)}" must hold settings` });
      return [];
    });
  }

  #map(map: YAMLMap, prefix: string): readonly Setting[] {
    return map.items.flatMap((pair) => this.#pair(pair, prefix));
  }

  #pair(pair: Pair, prefix: string): readonly Setting[] {
    const name = prefix + nameOf(pair);
    if (isMap(pair.value)) return this.#map(pair.value, `${name}.`);
    const raw = (pair.value as Node | null)?.toJSON() as unknown;
    return [{ name, raw, source: { layer: 'file', where: this.#line(pair) } }];
  }

  #line({ key }: Pair): string {
    return this.#where((key as Node).range?.[0] ?? 0);
  }
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}
