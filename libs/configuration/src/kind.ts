/** What a setting may be. Text, as environment and command line give it, means the same as the value in a file. */
export interface Kind<T> {
  /** What is accepted, to be read after "is not": "a whole number from 0 to 65535". */
  readonly accepts: string;
  /** Undefined: not acceptable. */
  parse(input: unknown): T | undefined;
}

export function text(accepts = 'a text', minLength = 1): Kind<string> {
  return { accepts, parse: (input) => (typeof input === 'string' && input.length >= minLength ? input : undefined) };
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return {
    accepts: `one of ${values.join(', ')}`,
    // YAML 1.1 habits: `mode: off` written by hand may come as text or as false.
    parse: (input) => values.find((value) => value === (input === false ? 'off' : input)),
  };
}

export function yesOrNo(): Kind<boolean> {
  const words: Readonly<Record<string, boolean>> = {
    true: true,
    false: false,
    yes: true,
    no: false,
    on: true,
    off: false,
  };
  return {
    accepts: 'true or false',
    parse: (input) => (typeof input === 'boolean' ? input : typeof input === 'string' ? words[input] : undefined),
  };
}

export function wholeNumber({ min, max }: { readonly min: number; readonly max?: number }): Kind<number> {
  return {
    accepts: max === undefined ? `a whole number of ${min} or more` : `a whole number from ${min} to ${max}`,
    parse: (input) => {
      const value = numberIn(input);
      return value !== undefined && Number.isInteger(value) && value >= min && value <= (max ?? Infinity)
        ? value
        : undefined;
    },
  };
}

/** `above` excludes the bound, `min` and `max` include theirs. */
export function numeric(
  bounds: { readonly above: number } | { readonly min: number; readonly max?: number },
): Kind<number> {
  const [low, accepts] =
    'above' in bounds
      ? [(value: number) => value > bounds.above, `a number above ${bounds.above === 0 ? 'zero' : bounds.above}`]
      : [
          (value: number) => value >= bounds.min && value <= (bounds.max ?? Infinity),
          bounds.max === undefined
            ? `a number of ${bounds.min} or more`
            : `a number from ${bounds.min} to ${bounds.max}`,
        ];
  return {
    accepts,
    parse: (input) => {
      const value = numberIn(input);
      return value !== undefined && low(value) ? value : undefined;
    },
  };
}

/** The base URL of an HTTP server: scheme, host and port count, and there must be no path. */
export function httpOrigin(): Kind<string> {
  return {
    accepts: 'the URL of a server; it must begin with http:// or https://, like http://127.0.0.1:11434',
    parse: (input) => {
      if (typeof input !== 'string' || !URL.canParse(input)) return undefined;
      const { protocol, origin } = new URL(input);
      return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
    },
  };
}

/** A list in a file; in text, entries separated by commas or blanks. */
export function listOf<T>(entry: Kind<T>): Kind<readonly T[]> {
  return {
    accepts: `a list of which each entry is ${entry.accepts}`,
    parse: (input) => {
      const entries = (Array.isArray(input) ? input : [input]).flatMap((item: unknown) =>
        typeof item === 'string' ? item.split(/[\s,]+/).filter(Boolean) : [item],
      );
      const parsed = entries.map((item) => entry.parse(item));
      return parsed.some((item) => item === undefined) ? undefined : (parsed as readonly T[]);
    },
  };
}

function numberIn(input: unknown): number | undefined {
  const value = typeof input === 'string' && input.trim() !== '' ? Number(input) : input;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
