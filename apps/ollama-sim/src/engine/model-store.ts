import { aliasOf, nameKey, parseModelName, shortName, type ModelCard, type ModelName } from '@rightsize/ollama-model';

/** The models a server has, by name. */
export class ModelStore {
  readonly #initial: readonly ModelCard[];
  readonly #models = new Map<string, ModelCard>();

  constructor(initial: readonly ModelCard[]) {
    this.#initial = initial;
    this.reset();
  }

  reset(): void {
    this.#models.clear();
    for (const model of this.#initial) this.#put(model);
  }

  find(name: ModelName): ModelCard | null {
    return this.#models.get(nameKey(name)) ?? null;
  }

  /** Newest first, as the server lists them; of one age by name. */
  list(): ModelCard[] {
    return [...this.#models.values()].sort((a, b) => b.modifiedAtMs - a.modifiedAtMs || (a.name < b.name ? -1 : 1));
  }

  copy(source: ModelCard, target: ModelName, atMs: number): void {
    this.#put({ ...source, name: shortName(target), modifiedAtMs: atMs });
  }

  create(from: ModelCard, name: ModelName, changes: Parameters<typeof aliasOf>[2], atMs: number): ModelCard {
    const model = aliasOf(from, shortName(name), changes, atMs);
    this.#put(model);
    return model;
  }

  delete(name: ModelName): boolean {
    return this.#models.delete(nameKey(name));
  }

  #put(model: ModelCard): void {
    const name = parseModelName(model.name);
    if (name === null) throw new Error(`not a model name: ${model.name}`);
    this.#models.set(nameKey(name), model);
  }
}
