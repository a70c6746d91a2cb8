/** One request of a client, and how long it waits after its previous answer before it sends it. */
export interface Step {
  readonly client: string;
  readonly path: '/api/chat' | '/api/generate';
  readonly body: Readonly<Record<string, unknown>> & { readonly options?: Readonly<Record<string, unknown>> };
  /** Seconds. */
  readonly pause: number;
}

export interface Message {
  readonly role: string;
  readonly content: string;
}

export interface WorkloadOptions {
  readonly model: string;
  readonly seed: number;
  /** 1: some fifty requests of all clients together. 0.5: half of them. */
  readonly size: number;
}

/** The requests of each client, in its order. */
export type Workload = readonly (readonly Step[])[];

/** So many indices as `count` requests of a client are at the workload's size; two at the least, so that each client comes back. */
export function times({ size }: WorkloadOptions, count: number): readonly number[] {
  return Array.from({ length: Math.max(2, Math.round(count * size)) }, (_, i) => i);
}

export function chat(
  client: string,
  { model }: WorkloadOptions,
  messages: readonly Message[],
  options: Readonly<Record<string, unknown>>,
  pause: number,
): Step {
  return { client, path: '/api/chat', pause, body: { model, messages: [...messages], options } };
}

export function generate(
  client: string,
  { model }: WorkloadOptions,
  prompt: string,
  options: Readonly<Record<string, unknown>>,
  pause: number,
): Step {
  return { client, path: '/api/generate', pause, body: { model, prompt, options } };
}

/** The same requests with no answer longer than `tokens`: for servers that take a minute for what others do in a second. */
export function withAnswerLimit(workload: Workload, tokens: number): Workload {
  return workload.map((steps) =>
    steps.map((step) => {
      const own = step.body.options?.['num_predict'];
      const limit = typeof own === 'number' ? Math.min(own, tokens) : tokens;
      return { ...step, body: { ...step.body, options: { ...step.body.options, num_predict: limit } } };
    }),
  );
}
