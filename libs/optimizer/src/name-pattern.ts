/** Whom an entry of the settings is for. `*` stands for any run of characters; absent: for everybody. */
export interface NamePatterns {
  readonly model?: string;
  readonly client?: string;
}

/** Whether an entry is for this model and client. */
export function isFor(
  { model = '*', client = '*' }: NamePatterns,
  modelName: string,
  clientName: string | null,
): boolean {
  return fits(model, modelName) && fits(client, clientName ?? '');
}

/** Whether a name fits a pattern in which `*` stands for any run of characters. Linear: no backtracking beyond the last star. */
export function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? '';
  return name.length - at >= last.length && name.endsWith(last);
}
