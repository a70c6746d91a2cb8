import { readFileSync } from 'node:fs';

/** The unit of `/proc/PID/stat`, fixed by Linux for all that is shown to programs. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used so far, all threads, seconds; NaN where there is no `/proc`. */
export function cpuSeconds(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in brackets and may hold anything; user and system time are the 14th and 15th.
    const [user, system] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / TICKS_PER_SECOND;
  } catch {
    return NaN;
  }
}
