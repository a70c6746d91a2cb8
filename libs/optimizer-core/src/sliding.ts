/**
 * The values with one more, at most `capacity` of them: the oldest go. Copied once, since samples slide with every
 * answer and what they leave behind is most of what there is to collect.
 */
export function slide<T>(values: readonly T[], value: T, capacity: number): readonly T[] {
  const { length } = values;
  if (length < capacity) return values.concat([value]);
  const next = values.slice(length - capacity);
  // Not copyWithin: for arrays that is a hundred times slower.
  for (let at = 1; at < capacity; at++) next[at - 1] = next[at]!;
  next[capacity - 1] = value;
  return next;
}
