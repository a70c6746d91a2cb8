/** A whole number for people: 5,120 rather than 5120. */
export function digits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
