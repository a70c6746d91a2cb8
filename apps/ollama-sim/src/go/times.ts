/** An instant as Go prints it: nanoseconds, trailing zeros cut off, UTC. `ms` is milliseconds since the epoch. */
export function goTime(ms: number, nanoseconds = 0): string {
  const fraction = `${String(Math.floor(ms) % 1000).padStart(3, '0')}${String(nanoseconds % 1e6).padStart(6, '0')}`;
  const trimmed = fraction.replace(/0+$/, '');
  const seconds = new Date(Math.floor(ms)).toISOString().slice(0, 19);
  return `${seconds}${trimmed === '' ? '' : `.${trimmed}`}Z`;
}

/** Now, with made-up digits below the millisecond from the monotonic clock. */
export function goNow(): string {
  return goTime(Date.now(), Number(process.hrtime.bigint() % 1_000_000n));
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

export type ParsedDuration =
  { readonly ok: true; readonly ns: number } | { readonly ok: false; readonly message: string };

function parseDurationText(text: string): ParsedDuration {
  const match = /^([-+]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (text === '0' || text === '-0') return { ok: true, ns: 0 };
  if (match === null) {
    const bare = /^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text);
    const fault = bare ? 'missing unit in duration' : 'invalid duration';
    return { ok: false, message: `time: ${fault} ${JSON.stringify(text)}` };
  }
  let ns = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    ns += Number(number) * (UNITS[unit ?? ''] ?? 0);
  }
  return { ok: true, ns: match[1] === '-' ? -ns : ns };
}

/** `keep_alive`: seconds as a number or a duration text; negative means for ever. */
export function parseKeepAlive(value: unknown): ParsedDuration {
  if (typeof value === 'number') return { ok: true, ns: value < 0 ? Infinity : value * 1e9 };
  if (typeof value === 'string') {
    const parsed = parseDurationText(value);
    return parsed.ok && parsed.ns < 0 ? { ok: true, ns: Infinity } : parsed;
  }
  const kind =
    typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  return { ok: false, message: `Unsupported type: '${kind}'` };
}
