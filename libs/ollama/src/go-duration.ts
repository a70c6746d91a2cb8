const ZERO = /^[+-]?(?:0|(?:(?:0+(?:\.0*)?|\.0+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;

/** Whether `keep_alive` is a duration of zero: a number of seconds, or the text of a Go duration. */
export function isZeroDuration(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0 && value < 1e-9;
  return typeof value === 'string' && ZERO.test(value);
}
