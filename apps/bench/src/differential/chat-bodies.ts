import type { Random } from '@rightsize/traffic';
import { maybe, type Fields, type Models } from './fields.js';
import { CALL_SCHEMA, parameters, PNG, SMALL_SCHEMA, words } from './texts.js';

function content(random: Random): unknown {
  if (random.next() < 0.7) return words(random);
  const parts: unknown[] = Array.from({ length: random.between(1, 3) }, () => ({ type: 'text', text: words(random) }));
  if (random.next() < 0.2) parts.push({ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } });
  return parts;
}

function callAndResult(random: Random): Fields[] {
  const id = `call_${random.between(1, 9)}`;
  const call = { id, type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris","2":1,"1":[]}' } };
  return [
    { role: 'assistant', content: random.pick([null, '', words(random)]), tool_calls: [call] },
    { role: 'tool', tool_call_id: id, content: words(random), ...maybe(random, 0.3, { name: 'get_weather' }) },
  ];
}

function messages(random: Random): Fields[] {
  const list: Fields[] = [];
  if (random.next() < 0.4)
    list.push({ role: random.pick(['system', 'developer', 'System']), content: content(random) });
  for (let turns = random.between(0, 2); turns > 0; turns -= 1) {
    list.push({ role: 'user', content: content(random) });
    list.push({ role: 'assistant', content: words(random), ...maybe(random, 0.2, { reasoning: words(random) }) });
  }
  list.push({ role: 'user', content: content(random), ...maybe(random, 0.1, { name: 'ann' }) });
  if (random.next() < 0.2) list.push(...callAndResult(random));
  return list;
}

/** A body of `/v1/chat/completions`. */
export function chatBody(random: Random, models: Models): Fields {
  const wantsTools = random.next() < 0.35;
  const wantsCall = wantsTools && random.next() < 0.5;
  const tool = {
    type: 'function',
    function: { name: 'get_weather', description: words(random), parameters: parameters(random) },
  };
  const format = random.pick([
    { type: 'text' },
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: SMALL_SCHEMA } },
  ]);
  return {
    model: wantsTools ? models.tools : models.plain,
    messages: messages(random),
    temperature: 0,
    seed: random.between(0, 99),
    max_tokens: wantsCall ? 60 : random.between(1, 6),
    ...maybe(random, 0.5, { stream: true }),
    ...maybe(random, 0.4, { stream_options: { include_usage: random.next() < 0.8 } }),
    ...maybe(random, 0.3, { stop: random.pick<unknown>(['zzz', ['zzz', 'yyy'], ['zzz', 3], []]) }),
    ...maybe(random, 0.2, { top_p: 0.5 }),
    ...maybe(random, 0.2, { frequency_penalty: 0.3, presence_penalty: -0.2 }),
    ...maybe(random, 0.25, { logprobs: true, ...maybe(random, 0.6, { top_logprobs: random.between(0, 3) }) }),
    ...maybe(random, 0.15, { response_format: format }),
    ...maybe(random, 0.2, { reasoning_effort: random.pick(['none', 'low', 'minimal', 'xhigh', 'absurd']) }),
    ...maybe(random, 0.1, { reasoning: { effort: random.pick(['none', 'high']) } }),
    ...maybe(random, 0.2, {
      user: 'u',
      n: 1,
      tool_choice: 'auto',
      parallel_tool_calls: true,
      max_completion_tokens: 9,
    }),
    ...(wantsTools ? { tools: [tool] } : {}),
    ...(wantsCall
      ? {
          reasoning_effort: 'none',
          response_format: { type: 'json_schema', json_schema: { name: 'call', schema: CALL_SCHEMA } },
        }
      : {}),
  };
}

/** A body of `/v1/completions`. */
export function completionBody(random: Random, models: Models): Fields {
  return {
    model: random.next() < 0.9 ? models.plain : models.tools,
    prompt: words(random, 0, 12),
    temperature: 0,
    seed: random.between(0, 99),
    max_tokens: random.between(1, 6),
    ...maybe(random, 0.5, { stream: true }),
    ...maybe(random, 0.4, { stream_options: { include_usage: random.next() < 0.8 } }),
    ...maybe(random, 0.2, { stop: random.pick<unknown>(['zzz', ['zzz'], ['zzz', 3]]) }),
    ...maybe(random, 0.2, { top_p: 0.123456789, frequency_penalty: 0.1 }),
    ...maybe(random, 0.2, { logprobs: random.between(0, 3) }),
    ...maybe(random, 0.1, { suffix: words(random) }),
    ...maybe(random, 0.2, { user: 'u', n: 1, best_of: 1, echo: false }),
  };
}
