/** A wish counts at loads for this long after a request last carried it: twice what a runner stays by default. */
const WISH_MS = 600_000;

/** Names of runners come from clients. */
const CAPACITY = 1_000;

type Values = ReadonlyMap<string, string>;

interface Runner {
  /** What it was started with, as far as we know; null: somebody else started it. */
  loadedWith: { readonly window: number; readonly values: Values; readonly shift: string | null } | null;
  readonly wishes: Map<string, { readonly value: string; readonly atMs: number }>;
}

/**
 * One set of runner-fixed options for all requests of a runner, whoever sends them: another value reloads the
 * model as another window does. A runner keeps what it was started with. A load that happens anyway takes
 * what was asked for lately; of clients that disagree the last. A runner that somebody else started gets
 * what the first request after it carries, as it would without us. `shift` changes answers, so nobody's is
 * changed: it is a reason to reload, and waits its turn like another window.
 */
export class OptionSets {
  readonly #runners = new Map<string, Runner>();

  /** Whether what it may not share, `shift`, reloads the runner. `asked`: as `fixedOptionsOf` spells it. */
  reloads(runner: string, window: number, asked: string): boolean {
    const loaded = this.#runners.get(runner)?.loadedWith;
    return loaded?.window === window && loaded.shift !== read(asked).shift;
  }

  /** What to send with a window, by name, as JSON. `isLoaded`: the runner has this window. */
  choose(runner: string, window: number, isLoaded: boolean, asked: string, nowMs: number): Values {
    const entry = this.#runners.get(runner) ?? this.#add(runner);
    const { values, shift } = read(asked);
    for (const [name, value] of values) entry.wishes.set(name, { value, atMs: nowMs });
    const loaded = isLoaded && entry.loadedWith?.window === window ? entry.loadedWith : null;
    if (loaded !== null && loaded.shift === shift) return loaded.values;
    const chosen = isLoaded && loaded === null ? values : wished(entry, nowMs);
    entry.loadedWith = { window, values: chosen, shift };
    return chosen;
  }

  /** It was loaded by somebody else, or could not be. */
  forget(runner: string): void {
    const known = this.#runners.get(runner);
    if (known) known.loadedWith = null;
  }

  #add(runner: string): Runner {
    const oldest = this.#runners.keys().next();
    if (this.#runners.size >= CAPACITY && !oldest.done) this.#runners.delete(oldest.value);
    const entry: Runner = { loadedWith: null, wishes: new Map() };
    this.#runners.set(runner, entry);
    return entry;
  }
}

const NONE: Values = new Map();

function wished({ wishes }: Runner, nowMs: number): Values {
  const values = new Map<string, string>();
  for (const [name, { value, atMs }] of wishes) {
    // Null is the default, said aloud: leaving it out says the same, and matches everybody else's.
    if (nowMs - atMs < WISH_MS && value !== 'null') values.set(name, value);
  }
  return values;
}

function read(signature: string): { readonly values: Values; readonly shift: string | null } {
  if (signature === '') return { values: NONE, shift: null };
  const values = new Map(signature.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
  const shift = values.get('shift') ?? null;
  values.delete('shift');
  return { values, shift };
}
