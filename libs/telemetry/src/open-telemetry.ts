import { context, metrics, SpanKind, SpanStatusCode, trace, type Attributes, type Context } from '@opentelemetry/api';
import type { DomainEvent } from '@rightsize/optimizer-core';
import { Exchanges, type Exchange } from './exchanges.js';

const NAME = '@rightsize/telemetry';
/** Ollama has no well-known value of its own in the conventions; this is what its instrumentations use. */
const PROVIDER = 'ollama';

/**
 * A span and the client metrics of OpenTelemetry's conventions for generative AI for each answered
 * request, through the API package alone: without an SDK in the process it does nothing. The names are
 * copied, since the package that has them calls them unstable and moves them.
 */
export class OpenTelemetry {
  readonly #exchanges = new Exchanges<Context>(() => context.active());
  readonly #tracer = trace.getTracer(NAME);
  readonly #tokens = metrics.getMeter(NAME).createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    description: 'Number of input and output tokens used',
  });
  readonly #duration = metrics.getMeter(NAME).createHistogram('gen_ai.client.operation.duration', {
    unit: 's',
    description: 'GenAI operation duration',
  });

  see(event: DomainEvent): void {
    const exchange = this.#exchanges.take(event);
    if (exchange) this.#ended(exchange);
  }

  #ended({ optimized, completed, note: parent }: Exchange<Context>): void {
    const { promptTokens, outputTokens, doneReason, status } = completed;
    const common: Attributes = {
      'gen_ai.operation.name': optimized.route === 'chat' ? 'chat' : 'text_completion',
      'gen_ai.provider.name': PROVIDER,
      'gen_ai.request.model': optimized.model,
    };
    const failed = status < 200 || status >= 400;
    const error: Attributes = failed ? { 'error.type': status === 0 ? 'no_response' : String(status) } : {};
    const span = this.#tracer.startSpan(
      `${common['gen_ai.operation.name'] as string} ${optimized.model}`,
      {
        kind: SpanKind.CLIENT,
        startTime: optimized.atMs,
        attributes: {
          ...common,
          ...error,
          ...(promptTokens === null ? {} : { 'gen_ai.usage.input_tokens': promptTokens }),
          ...(outputTokens === null ? {} : { 'gen_ai.usage.output_tokens': outputTokens }),
          ...(doneReason === null ? {} : { 'gen_ai.response.finish_reasons': [doneReason] }),
          'rightsize.request_id': optimized.requestId,
          'rightsize.rule': optimized.decision.rule,
          'rightsize.imposed': optimized.imposed,
          ...(optimized.decision.numCtx === null ? {} : { 'rightsize.num_ctx': optimized.decision.numCtx }),
        },
      },
      parent,
    );
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(completed.atMs);
    this.#duration.record((completed.atMs - optimized.atMs) / 1000, { ...common, ...error });
    if (promptTokens !== null) this.#tokens.record(promptTokens, { ...common, 'gen_ai.token.type': 'input' });
    if (outputTokens !== null) this.#tokens.record(outputTokens, { ...common, 'gen_ai.token.type': 'output' });
  }
}
