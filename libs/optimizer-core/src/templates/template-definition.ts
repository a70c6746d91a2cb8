/**
 * What a template is known by, as the log keeps it: keyed hashes of 52 bits as 13 hexadecimal digits,
 * and how much each speaks for it. No text can be read back from them.
 */
export interface TemplateDefinition {
  /** The text as a whole, of a template that is nothing but one text so far. */
  readonly exact: string | null;
  /** The 16th word's node, when all members begin alike. */
  readonly start: string | null;
  /** Where the static opening ends, and how many words it has. */
  readonly opening: { readonly hash: string; readonly words: number } | null;
  /** The static segments with their weights, in words. */
  readonly segments: readonly (readonly [hash: string, weight: number])[];
  /** Those of them that label what follows, in the order of the text; absent in what was written before it was kept. */
  readonly labels?: readonly string[];
}

export function hexOf(key: number): string {
  return key.toString(16).padStart(13, '0');
}

/** Reads what {@link hexOf} wrote. */
export function keyOfHex(hex: string): number {
  return Number.parseInt(hex, 16);
}
