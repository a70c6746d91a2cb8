import { context, metrics, ROOT_CONTEXT, trace, type Context, type ContextManager } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { readFileSync } from 'node:fs';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { OpenTelemetry } from '../src/index.js';

function golden<Type extends DomainEvent['type']>(type: Type): Extract<DomainEvent, { type: Type }> {
  return JSON.parse(readFileSync(`test/golden/${type}.v1.json`, 'utf8')) as Extract<DomainEvent, { type: Type }>;
}

const optimized = golden('request.optimized');
const { data } = golden('request.completed');
const answered: DomainEvent = { type: 'request.completed', data: { ...data, requestId: optimized.data.requestId } };

describe('OpenTelemetry', () => {
  const spans = new InMemorySpanExporter();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });

  it('does nothing, and costs no error, without an SDK', () => {
    const telemetry = new OpenTelemetry();
    expect(() => {
      telemetry.see(optimized);
      telemetry.see(answered);
    }).not.toThrow();
  });

  it('gives each answered request a span and metrics by the conventions for generative AI', async () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    const telemetry = new OpenTelemetry();
    telemetry.see(optimized);
    telemetry.see(answered);
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({
      name: `chat ${optimized.data.model}`,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'ollama',
        'gen_ai.request.model': optimized.data.model,
        'gen_ai.usage.input_tokens': data.promptTokens,
        'gen_ai.usage.output_tokens': data.outputTokens,
        'gen_ai.response.finish_reasons': [data.doneReason],
        'rightsize.request_id': optimized.data.requestId,
        'rightsize.rule': optimized.data.decision.rule,
      },
    });
    await reader.forceFlush();
    const names = measured.getMetrics()[0]!.scopeMetrics[0]!.metrics.map(({ descriptor }) => descriptor.name);
    expect(names.toSorted()).toEqual(['gen_ai.client.operation.duration', 'gen_ai.client.token.usage']);
  });

  it('puts the span under the one that was active when the request was decided', () => {
    const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    context.setGlobalContextManager(new OneContext(trace.setSpanContext(ROOT_CONTEXT, parent)));
    spans.reset();
    const telemetry = new OpenTelemetry();
    telemetry.see(optimized);
    context.disable();
    telemetry.see({ type: 'request.completed', data: { ...data, requestId: optimized.data.requestId, status: 500 } });
    const [span] = spans.getFinishedSpans();
    expect(span?.parentSpanContext).toMatchObject({ spanId: parent.spanId });
    expect(span?.spanContext().traceId).toBe(parent.traceId);
    expect(span?.attributes['error.type']).toBe('500');
  });
});

/** A context manager in which one context is always active. */
class OneContext implements ContextManager {
  constructor(private readonly only: Context) {}
  active(): Context {
    return this.only;
  }
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    _context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return fn.apply(thisArg as never, args);
  }
  bind<T>(_context: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}
