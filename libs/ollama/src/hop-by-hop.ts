/** RFC 9110 section 7.6.1 and the ones before it: they speak of one connection and must not be passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The end-to-end headers of a raw list (`[name, value, name, value, …]`, as node and undici give it),
 * in their order and spelling, repeated ones kept; also without those that `Connection` names and
 * those in `alsoWithout` (lower case).
 */
export function endToEndHeaders(raw: readonly string[], alsoWithout?: ReadonlySet<string>): string[] {
  const named = namedByConnection(raw);
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || alsoWithout?.has(name) || named?.has(name)) continue;
    kept.push(raw[at]!, raw[at + 1]!);
  }
  return kept;
}

function namedByConnection(raw: readonly string[]): Set<string> | null {
  let named: Set<string> | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]!.length !== 'connection'.length || raw[at]!.toLowerCase() !== 'connection') continue;
    const value = raw[at + 1]!.toLowerCase();
    // Nearly every request says one of these two, and neither names a header.
    if (value === 'keep-alive' || value === 'close') continue;
    named ??= new Set();
    for (const name of value.split(',')) named.add(name.trim());
  }
  // Framing is this proxy's own affair, whatever a client claims about it.
  named?.delete('content-length');
  named?.delete('host');
  return named;
}
