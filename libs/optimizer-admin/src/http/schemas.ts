const string = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const boolean = { type: 'boolean' } as const;
const maybe = (type: string): object => ({ type: [type, 'null'] });
const any = {};
const list = (items: object): object => ({ type: 'array', items });
const counts = { type: 'object', additionalProperties: number };

/** All of it, and nothing else: an answer that grows without its description fails the tests. */
const exactly = (properties: Record<string, object>, optional: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

export const ref = (name: keyof typeof SCHEMAS): object => ({ $ref: `#/components/schemas/${name}` });
const page = (name: string): object =>
  exactly({ items: list({ $ref: `#/components/schemas/${name}` }), next: maybe('string') });

const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });

const pool = exactly({ totalBytes: number, availableBytes: number });

const runner = exactly({
  window: integer,
  source: { enum: ['ps', 'decision'] },
  sizeBytes: maybe('number'),
  sizeVramBytes: maybe('number'),
  expiresAtMs: maybe('number'),
});

const projection = {
  name: string,
  version: integer,
  position: integer,
  lag: integer,
  state: { enum: ['catching-up', 'live', 'stopped'] },
  parkedAt: maybe('integer'),
};

/** What the routes answer with, as JSON Schema 2020-12. Times are milliseconds since the epoch, windows tokens. */
export const SCHEMAS = {
  Problem: exactly({ type: string, title: string, status: integer, detail: string, errors: list(string) }, [
    'detail',
    'errors',
  ]),
  Status: exactly({
    status: { enum: ['ready', 'degraded', 'starting'] },
    reasons: list(string),
    mode: string,
    log: exactly({
      position: integer,
      queued: integer,
      lag: integer,
      droppedDecisions: integer,
      lost: integer,
      projections: list(exactly(projection)),
    }),
    storeBytes: maybe('number'),
    server: exactly({ name: string, windows: { enum: ['per-request', 'fixed'] } }),
    memory: exactly({
      reading: orNull(
        exactly({
          host: orNull(exactly({ totalBytes: number, availableBytes: maybe('number'), serverBytes: maybe('number') })),
          gpu: orNull(exactly({ totalBytes: number, freeBytes: number })),
          loadAverage: maybe('number'),
        }),
      ),
      inForce: orNull(
        exactly({
          host: orNull(pool),
          gpu: orNull(pool),
          usesGpu: boolean,
          loadAverage: maybe('number'),
          atMs: number,
        }),
      ),
    }),
  }),
  Model: exactly({
    model: string,
    trainedContext: maybe('integer'),
    weightsBytes: maybe('number'),
    kvBytesPerToken: maybe('number'),
    remote: maybe('boolean'),
    runner: orNull(runner),
    requests: integer,
    completions: integer,
    tainted: integer,
    reloads: integer,
    truncations: integer,
    windows: counts,
    policyId: string,
    lastSeenMs: number,
  }),
  Models: page('Model'),
  Runners: exactly({ items: list({ allOf: [{ type: 'object', required: ['model', 'window'] }] }) }),
  Template: exactly({
    templateId: string,
    model: string,
    detectedAtMs: number,
    mergedInto: maybe('string'),
    evicted: boolean,
    segments: integer,
    pinned: maybe('integer'),
    locked: boolean,
    requests: integer,
    completions: integer,
    promptTokens: orNull(exactly({ p50: number, p90: number, p99: number })),
    outputTokens: orNull(exactly({ p50: number, p90: number, p99: number })),
    lastSeenMs: maybe('number'),
  }),
  Templates: page('Template'),
  Decision: exactly({
    id: string,
    atMs: number,
    model: string,
    route: string,
    client: maybe('string'),
    rule: string,
    numCtx: maybe('integer'),
    imposed: boolean,
    templateId: maybe('string'),
    need: number,
    loadedWindow: maybe('integer'),
    outcome: {
      anyOf: [
        exactly({
          status: integer,
          promptTokens: maybe('integer'),
          outputTokens: maybe('integer'),
          taints: list(string),
        }),
        { type: 'null' },
      ],
    },
  }),
  Decisions: page('Decision'),
  Explanation: exactly({
    id: string,
    decision: { type: 'object' },
    events: list({ $ref: '#/components/schemas/Event' }),
  }),
  Event: exactly({
    position: integer,
    id: string,
    stream: string,
    version: integer,
    type: string,
    schemaVersion: integer,
    recordedAtMs: number,
    metadata: { type: 'object' },
    data: any,
  }),
  Events: exactly({ items: list({ $ref: '#/components/schemas/Event' }), next: integer, head: integer }),
  Projections: exactly({ items: list(exactly({ ...projection, error: maybe('string') })) }),
  ParkedEvents: exactly({
    items: list(
      exactly({
        projection: string,
        version: integer,
        position: integer,
        eventId: string,
        type: string,
        error: string,
        parkedAtMs: number,
        skipped: boolean,
      }),
    ),
  }),
  Job: exactly({
    id: string,
    kind: string,
    target: string,
    state: { enum: ['running', 'done', 'failed'] },
    doing: string,
    progress: number,
    startedAtMs: number,
    endedAtMs: maybe('number'),
    result: any,
    error: maybe('string'),
  }),
  Jobs: exactly({ items: list({ $ref: '#/components/schemas/Job' }) }),
  Policies: exactly({
    active: list(exactly({ model: maybe('string'), policyId: string, sinceMs: maybe('number'), before: list(string) })),
    trained: list(
      exactly({
        policyId: string,
        model: maybe('string'),
        baseId: string,
        verdict: string,
        difference: number,
        atMs: number,
      }),
    ),
  }),
  Safeguards: exactly({
    items: list(exactly({ model: string, atMs: number, byHand: boolean, because: string })),
  }),
  Ledger: exactly({
    by: string,
    active: list({ $ref: '#/components/schemas/LedgerLine' }),
    shadow: list({ $ref: '#/components/schemas/LedgerLine' }),
  }),
  LedgerLine: exactly({
    of: maybe('string'),
    requests: integer,
    uncertain: integer,
    measured: { $ref: '#/components/schemas/LedgerTotals' },
    asSent: { $ref: '#/components/schemas/LedgerTotals' },
    byRule: counts,
  }),
  LedgerTotals: exactly({ reloads: integer, cuts: integer, shifts: integer, loadSeconds: number, gibHours: number }),
  PolicyDiff: exactly({
    policyId: string,
    with: string,
    differences: list(exactly({ parameter: string, value: any, with: any })),
    comparison: { type: ['object', 'null'] },
  }),
  PolicyChange: exactly({ policyId: string, previousId: string, model: maybe('string'), forced: boolean }),
  Overflow: exactly({
    from: integer,
    to: integer,
    items: list(
      exactly({
        model: string,
        templateId: maybe('string'),
        refusals: integer,
        cuts: integer,
        shifts: integer,
        largestPromptTokens: integer,
        window: integer,
        overBy: integer,
        wouldHave: integer,
      }),
    ),
    models: list(
      exactly({
        model: string,
        isFixed: { type: 'boolean' },
        window: maybe('integer'),
        requests: integer,
        notHeld: integer,
        p99: maybe('integer'),
        all: maybe('integer'),
        inWords: string,
      }),
    ),
  }),
  Configuration: exactly({
    file: maybe('string'),
    problem: maybe('string'),
    settings: list(
      exactly({
        name: string,
        value: any,
        unit: maybe('string'),
        description: string,
        layer: string,
        where: string,
        reloadable: boolean,
        secret: boolean,
      }),
    ),
    sections: list(exactly({ scope: string, glob: string, values: { type: 'object' } })),
  }),
} as const;
