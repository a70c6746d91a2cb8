/** What the safeguard counts, and trips on. */
export const HARMS = ['cuts', 'failures', 'reloads'] as const;
export type Harm = (typeof HARMS)[number];
