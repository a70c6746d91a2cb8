import { readFileSync } from 'node:fs';
import type { DomainEvent, RequestCompletedV1, RequestOptimizedV1 } from '@rightsize/optimizer-core';
import { ExchangeLines, PrometheusMetrics } from '../src/index.js';

function golden<Type extends DomainEvent['type']>(type: Type): Extract<DomainEvent, { type: Type }> {
  return JSON.parse(readFileSync(`test/golden/${type}.v1.json`, 'utf8')) as Extract<DomainEvent, { type: Type }>;
}

function optimized(over: Partial<RequestOptimizedV1> = {}): DomainEvent {
  return { type: 'request.optimized', data: { ...golden('request.optimized').data, ...over } };
}

function completed(over: Partial<RequestCompletedV1> = {}): DomainEvent {
  return { type: 'request.completed', data: { ...golden('request.completed').data, ...over } };
}

/** One decision in the loaded window of 8,192 for a client that asked for another. */
function stayed(clientNumCtx: number | null, loadedWindow: number | null): DomainEvent {
  const { decision } = golden('request.optimized').data;
  const inputs = { ...decision.inputs, clientNumCtx, loadedWindow };
  return optimized({ imposed: true, decision: { ...decision, numCtx: 8192, rule: 'stay', inputs } });
}

async function scraped(metrics: PrometheusMetrics, name: string): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  it('count decisions by rule, completions, tokens, loads, cuts and refusals', async () => {
    const metrics = new PrometheusMetrics();
    for (const type of [
      'request.optimized',
      'request.completed',
      'runner.reloaded',
      'truncation.detected',
      'request.refused',
    ] as const) {
      metrics.see(golden(type));
    }
    const { rule } = golden('request.optimized').data.decision;
    const { status, promptTokens, model } = golden('request.completed').data;
    const { cause } = golden('runner.reloaded').data;
    const { kind } = golden('truncation.detected').data;
    expect(await scraped(metrics, 'rightsize_decisions_total')).toEqual([
      `rightsize_decisions_total{rule="${rule}",model="${model}",imposed="yes"} 1`,
    ]);
    expect(await scraped(metrics, 'rightsize_completions_total')).toEqual([
      `rightsize_completions_total{status="${status}",model="${model}"} 1`,
    ]);
    expect(await scraped(metrics, 'rightsize_prompt_tokens_total')).toEqual([
      `rightsize_prompt_tokens_total{model="${model}"} ${promptTokens}`,
    ]);
    expect(await scraped(metrics, 'rightsize_reloads_total')).toEqual([
      `rightsize_reloads_total{cause="${cause}",model="${model}"} 1`,
    ]);
    expect(await scraped(metrics, 'rightsize_cuts_total')).toEqual([
      `rightsize_cuts_total{kind="${kind}",model="${model}"} 1`,
    ]);
    expect(await scraped(metrics, 'rightsize_refusals_total')).toHaveLength(1);
    const away = golden('request.turned-away');
    metrics.see(away);
    expect(await scraped(metrics, 'rightsize_turned_away_total')).toEqual([
      `rightsize_turned_away_total{why="gone",model="${away.data.model}"} 1`,
    ]);
    expect(await scraped(metrics, 'rightsize_load_seconds_count')).toEqual([
      `rightsize_load_seconds_count{cause="${cause}"} 1`,
    ]);
  });

  it('call a reload avoided only when the client\u2019s own window was another than the loaded one, which served', async () => {
    const metrics = new PrometheusMetrics();
    for (const event of [stayed(4096, 8192), stayed(8192, 8192), stayed(null, 8192), stayed(4096, null)])
      metrics.see(event);
    expect(await scraped(metrics, 'rightsize_reloads_avoided_total')).toEqual([expect.stringMatching(/ 1$/)]);
  });

  it('compare the estimate with what was counted, for answers that teach', async () => {
    const metrics = new PrometheusMetrics();
    const { promptEstimate } = golden('request.optimized').data.decision.inputs;
    metrics.see(optimized());
    metrics.see(completed({ promptTokens: promptEstimate * 2 }));
    metrics.see(optimized());
    metrics.see(completed({ promptTokens: 1, taints: ['truncated'] }));
    expect(await scraped(metrics, 'rightsize_estimate_ratio_sum')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(await scraped(metrics, 'rightsize_requests_under_way')).toEqual(['rightsize_requests_under_way 0']);
  });

  it('tell apart so many models and clients, and call the rest other', async () => {
    const metrics = new PrometheusMetrics({ models: 2, clients: 1 });
    for (const name of ['a', 'b', 'c', 'd', 'a']) metrics.see(optimized({ model: name, client: name }));
    const models = (await scraped(metrics, 'rightsize_decisions_total')).map((line) =>
      /model="(\w+)".* (\d)/.exec(line)!.slice(1),
    );
    expect(models).toEqual([
      ['a', '2'],
      ['b', '1'],
      ['other', '2'],
    ]);
    expect(await scraped(metrics, 'rightsize_client_requests_total')).toEqual([
      'rightsize_client_requests_total{client="a"} 2',
      'rightsize_client_requests_total{client="other"} 3',
    ]);
  });

  it('ask for what is known only now when somebody looks', async () => {
    const metrics = new PrometheusMetrics({}, async () => ({
      ready: true,
      logPosition: 7,
      queuedEvents: 2,
      projections: [{ name: 'p', lag: 3 }],
      storeBytes: 4096,
    }));
    const text = await metrics.registry.metrics();
    for (const line of [
      'ready 1',
      'log_position 7',
      'queued_events 2',
      'projection_lag_events{projection="p"} 3',
      'store_bytes 4096',
    ]) {
      expect(text).toContain(`rightsize_${line}\n`);
    }
  });

  it('forget the oldest of ten thousand requests that never end', async () => {
    const metrics = new PrometheusMetrics();
    for (let at = 0; at < 10_050; at++) metrics.see(optimized({ requestId: `r${at}` }));
    expect(await scraped(metrics, 'rightsize_requests_under_way')).toEqual(['rightsize_requests_under_way 10000']);
  });
});

describe('the Grafana dashboard', () => {
  const file = JSON.parse(readFileSync('deploy/grafana/rightsize.json', 'utf8')) as {
    uid: string;
    schemaVersion: number;
    panels: { id: number; title: string; targets?: { expr: string }[] }[];
  };
  const exprs = file.panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => expr));

  it('asks only for metrics that there are', async () => {
    const metrics = new PrometheusMetrics({}, async () => ({
      ready: true,
      logPosition: 0,
      queuedEvents: 0,
      projections: [],
      storeBytes: 0,
    }));
    const defined = (await metrics.registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    const asked = [...new Set(exprs.flatMap((expr) => expr.match(/rightsize_\w+/g) ?? []))];
    expect(asked.filter((name) => !defined.includes(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(10);
  });

  it('has what an import needs: an id of its own, a schema version, and panels told apart', () => {
    expect(file).toMatchObject({ uid: 'rightsize', schemaVersion: expect.any(Number) as number });
    expect(new Set(file.panels.map(({ id }) => id)).size).toBe(file.panels.length);
  });
});

describe('a log line of a request', () => {
  it('has the id of its headers and events, and nothing of its text', () => {
    const lines = new ExchangeLines();
    expect(lines.see(optimized())).toBeNull();
    const { requestId, decision } = golden('request.optimized').data;
    expect(lines.see(completed())).toMatchObject({
      msg: 'request',
      requestId,
      rule: decision.rule,
      numCtx: decision.numCtx,
      status: 200,
    });
    expect(lines.see(completed({ requestId: 'unknown' }))).toBeNull();
  });
});
