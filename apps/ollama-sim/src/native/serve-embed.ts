import type { ServerResponse } from 'node:http';
import { countTokens, hasCapability, pseudoEmbedding, resolveOptions, type FinalChunk } from '@rightsize/ollama-model';
import type { SimServer } from '../engine/server.js';
import { findModel } from './find-model.js';

/** Texts to embed, whatever dialect they came in. */
export interface EmbedRequest {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Nanoseconds; null: absent. */
  readonly keepAliveNs: number | null;
  readonly truncate: boolean | null;
  /** Length of the vectors; 0: the model's own. */
  readonly dimensions: number;
}

export type EmbedReply =
  | { readonly kind: 'embedded'; readonly vectors: readonly (readonly number[])[]; readonly final: FinalChunk }
  | { readonly kind: 'fault'; readonly status: number; readonly message: string };

/** Models without the ability are started without it, and say so. */
const NO_EMBEDDINGS = 'This server does not support embeddings. Start it with `--embeddings`';

function shortened(vector: readonly number[], dimensions: number): readonly number[] {
  if (dimensions <= 0 || dimensions >= vector.length) return vector;
  const cut = vector.slice(0, dimensions);
  const norm = Math.sqrt(cut.reduce((sum, value) => sum + value * value, 0)) || 1;
  return cut.map((value) => Math.fround(value / norm));
}

/** Embeds texts; without any it only loads the model. `reply` is called once. */
export function serveEmbed(
  server: SimServer,
  res: ServerResponse,
  request: EmbedRequest,
  missing: { readonly status: number; readonly message: string },
  reply: (reply: EmbedReply) => void,
): void {
  const found = findModel(server, request.model, '/api/embed', missing);
  if (found.kind === 'fault') {
    const unknown = found.status === 404 && request.model !== '';
    const words = `model ${JSON.stringify(request.model)} not found, try pulling it first`;
    return reply({ kind: 'fault', status: found.status, message: unknown ? words : found.message });
  }
  const { model } = found;
  const resolved = resolveOptions(model, request.options, null, server.defaults);
  if (!resolved.ok) return reply({ kind: 'fault', status: resolved.status, message: resolved.message });
  const able = hasCapability(model, 'embedding');
  const inputs = able ? request.inputs.map((text) => countTokens(text) + 2) : [];
  let finished = false;
  const id = server.time.submit(
    {
      model,
      options: resolved.options,
      keepAliveNs: request.keepAliveNs,
      work: inputs.length === 0 ? { kind: 'load' } : { kind: 'embedding', inputs, truncate: request.truncate },
    },
    {
      streams: false,
      answering: () => undefined,
      tokens: () => undefined,
      finished: (outcome) => {
        finished = true;
        if (outcome.kind === 'cancelled') return reply({ kind: 'fault', status: 499, message: 'request canceled' });
        if (outcome.kind === 'error') return reply({ ...outcome, kind: 'fault' });
        if (!able && request.inputs.length > 0) return reply({ kind: 'fault', status: 501, message: NO_EMBEDDINGS });
        const vectors = request.inputs.map((text) =>
          shortened(pseudoEmbedding(text, model.embeddingLength), request.dimensions),
        );
        return reply({ kind: 'embedded', vectors, final: outcome.final });
      },
    },
  );
  res.once('close', () => {
    if (!finished) server.time.cancel(id);
  });
}
