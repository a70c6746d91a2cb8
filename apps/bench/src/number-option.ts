import { InvalidArgumentError } from 'commander';

/** Reads the value of an option: a number of at least `least`. */
export function above(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least) {
      throw new InvalidArgumentError(`must be a number of at least ${least}.`);
    }
    return value;
  };
}
