import { ConversationTurns } from './conversation-turns.js';
import type { Fingerprinter } from './fingerprinter.js';
import type { InferenceRequest, RequestFeatures } from './request.js';
import { addMeasure, measureText, TextMeasure } from './text-measure.js';

/**
 * What may be kept of a request. One pass over the text for its sizes; of the fingerprints only the
 * leading part is hashed. It is on the hot path: 100 KB take a fraction of a millisecond.
 */
export function extractFeatures(request: InferenceRequest, fingerprinter: Fingerprinter): RequestFeatures {
  const tools = new TextMeasure();
  measureText(request.tools, tools);
  const measure = new TextMeasure();
  const turns = new ConversationTurns(tools);
  let systemBytes = 0;
  for (const segment of request.segments) {
    const message = new TextMeasure();
    measureText(segment.text, message);
    addMeasure(measure, message);
    turns.add(segment.role, message);
    if (segment.role === 'system') systemBytes += message.bytes;
  }
  return {
    route: request.route,
    model: request.model,
    textBytes: measure.bytes,
    wideChars: measure.wideChars,
    alphabetChars: measure.alphabetChars,
    digitChars: measure.digitChars,
    pieces: measure.pieces,
    excessLetters: measure.excessLetters,
    opaqueChars: measure.opaqueChars,
    toolPieces: tools.pieces,
    systemBytes,
    toolBytes: tools.bytes,
    messageCount: request.segments.length,
    contextTokens: request.contextTokens ?? 0,
    imageCount: request.imageCount,
    numPredict: request.numPredict,
    numCtx: request.numCtx,
    stream: request.stream,
    preload: request.preload,
    unload: request.unload,
    think: request.think,
    turns: request.route === 'chat' ? turns.latestFirst : [],
    fingerprints: fingerprinter.fingerprint(request.segments),
  };
}
