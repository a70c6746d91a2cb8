import { includesUsage } from './chat-request.js';
import { CompletionWriter } from './completion-writer.js';
import { FieldReader } from './field-reader.js';
import { EXTRAS, OPENAI_IGNORED } from './known-extras.js';
import { nativeBody } from './native-body.js';
import type { Translation } from './translation.js';
import type { V1Body } from './v1-body.js';

const READ =
  'model prompt frequency_penalty max_tokens presence_penalty seed stop stream stream_options temperature top_p suffix ' +
  'logprobs _debug_render_only';
/** What Ollama 0.34.4 does not read here. */
const IGNORED = 'n best_of echo logit_bias';
const KNOWN = new Set(`${READ} ${IGNORED} ${OPENAI_IGNORED} ${EXTRAS}`.split(' '));
/** The largest number that rounds to a single-precision one: the server reads no larger ones on this route. */
const MAX_FLOAT32 = 3.402_823_567_797_336_6e38;

/** `POST /v1/completions` as `/api/generate`. */
export function translateCompletion(body: V1Body): Translation {
  const { fields } = body;
  const reader = new FieldReader();
  reader.known(fields, KNOWN);
  if (reader.flag(fields, '_debug_render_only') === true) reader.foreign('debug');
  const model = reader.string(fields, 'model');
  const stream = reader.flag(fields, 'stream') ?? false;
  const logprobs = reader.integer(fields, 'logprobs', body.text) ?? 0;
  const native = {
    model,
    prompt: reader.string(fields, 'prompt'),
    suffix: reader.string(fields, 'suffix'),
    stream,
    options: optionsOf(reader, body),
    // They are computed, and left out of the answer, as on the server's own route.
    logprobs: logprobs > 0 ? true : undefined,
    top_logprobs: logprobs > 0 ? logprobs : undefined,
  };
  const usage = includesUsage(reader, fields);
  if (reader.problem) return reader.problem;
  return {
    kind: 'translated',
    route: 'generate',
    model,
    body: nativeBody(native),
    writer: () => new CompletionWriter({ stream, usage }),
    withoutThinking: null,
    unknown: reader.unknown,
  };
}

function optionsOf(reader: FieldReader, body: V1Body): object {
  const { fields } = body;
  return {
    stop: stopOf(reader, fields['stop']),
    num_predict: reader.integer(fields, 'max_tokens', body.text) ?? undefined,
    temperature: reader.number(fields, 'temperature', MAX_FLOAT32) ?? 1,
    seed: reader.integer(fields, 'seed', body.text) ?? undefined,
    frequency_penalty: reader.number(fields, 'frequency_penalty', MAX_FLOAT32) ?? 0,
    presence_penalty: reader.number(fields, 'presence_penalty', MAX_FLOAT32) ?? 0,
    top_p: reader.number(fields, 'top_p', MAX_FLOAT32) || 1,
  };
}

/** Unlike in chats, an item that is no string is refused. */
function stopOf(reader: FieldReader, stop: unknown): readonly string[] | undefined {
  if (typeof stop === 'string') return [stop];
  if (!Array.isArray(stop)) return undefined;
  const other = stop.find((each) => typeof each !== 'string');
  if (other !== undefined) reader.refuse(`invalid type for 'stop' field: ${typeof other}`);
  return stop as readonly string[];
}
