import type { Random } from '@rightsize/traffic';
import { maybe, type Fields, type Models } from './fields.js';
import { parameters, PNG, SMALL_SCHEMA, words } from './texts.js';

function block(random: Random): Fields {
  return random.pick<Fields>([
    { type: 'text', text: words(random) },
    { type: 'text', text: words(random), cache_control: { type: 'ephemeral' } },
    { type: 'thinking', thinking: words(random), signature: 's' },
  ]);
}

function claudeContent(random: Random): unknown {
  if (random.next() < 0.5) return words(random);
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
  const blocks = Array.from({ length: random.between(1, 3) }, () => block(random));
  return random.next() < 0.1 ? [...blocks, image] : blocks;
}

function toolTurns(random: Random): Fields[] {
  const result = random.pick<unknown>([words(random), [{ type: 'text', text: words(random) }], null]);
  return [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: words(random) },
        { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { zone: 'x', '2': 1, '1': { b: 1, a: 2 } } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: result, ...maybe(random, 0.2, { is_error: true }) },
        { type: 'text', text: words(random) },
      ],
    },
  ];
}

/** A body of `/v1/messages`. */
export function messagesBody(random: Random, models: Models): Fields {
  const wantsTools = random.next() < 0.35;
  const turns =
    random.next() < 0.5
      ? [
          { role: 'user', content: words(random) },
          { role: 'assistant', content: words(random) },
        ]
      : [];
  const tool = { name: 'get_weather', description: words(random), input_schema: parameters(random) };
  return {
    model: wantsTools || random.next() < 0.3 ? models.tools : models.plain,
    max_tokens: random.between(1, 6),
    messages: [
      ...turns,
      { role: 'user', content: claudeContent(random) },
      ...(random.next() < 0.25 ? toolTurns(random) : []),
    ],
    temperature: 0,
    ...maybe(random, 0.5, { stream: true }),
    ...maybe(random, 0.4, {
      system: random.pick<unknown>([
        words(random),
        [
          { type: 'text', text: words(random) },
          { type: 'text', text: 'b' },
        ],
        '',
      ]),
    }),
    ...maybe(random, 0.2, { top_p: 0.5, top_k: 20 }),
    ...maybe(random, 0.2, { stop_sequences: ['zzz'] }),
    ...maybe(random, 0.3, {
      thinking: random.pick([{ type: 'enabled', budget_tokens: 1024 }, { type: 'disabled' }, { type: 'adaptive' }]),
    }),
    ...maybe(random, 0.1, { output_config: { effort: random.pick(['low', 'xhigh', 'absurd']) } }),
    ...maybe(random, 0.3, { metadata: { user_id: 'u' }, service_tier: 'auto' }),
    ...(wantsTools ? { tools: [tool], ...maybe(random, 0.4, { tool_choice: { type: 'auto' } }) } : {}),
  };
}

function inputItems(random: Random): Fields[] {
  const parts = (type: string) => [{ type, text: words(random) }];
  const items: Fields[] = [
    { type: 'message', role: random.pick(['user', 'developer', 'system']), content: parts('input_text') },
  ];
  if (random.next() < 0.4) items.push({ role: 'user', content: words(random) });
  if (random.next() < 0.4) {
    items.push({ type: 'reasoning', summary: [], encrypted_content: words(random) });
    items.push({ type: 'message', role: 'assistant', content: parts('output_text') });
  }
  if (random.next() < 0.3) {
    items.push({ type: 'function_call', call_id: 'c1', name: 'get_weather', arguments: '{"city":"Paris"}' });
    if (random.next() < 0.3) items.push({ type: 'message', role: 'assistant', content: parts('output_text') });
    items.push({
      type: 'function_call_output',
      call_id: 'c1',
      output: random.pick<unknown>([words(random), parts('input_text')]),
    });
  }
  if (random.next() < 0.1) {
    items.push({
      role: 'user',
      content: [{ type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${PNG}` }],
    });
  }
  items.push({ role: 'user', content: words(random) });
  return items;
}

/** A body of `/v1/responses`. */
export function responsesBody(random: Random, models: Models): Fields {
  const wantsTools = random.next() < 0.3;
  const tool = {
    type: 'function',
    name: 'get_weather',
    description: words(random),
    strict: false,
    parameters: parameters(random),
  };
  return {
    model: wantsTools ? models.tools : models.plain,
    input: random.next() < 0.4 ? words(random) : inputItems(random),
    max_output_tokens: random.between(1, 6),
    temperature: 0,
    ...maybe(random, 0.5, { stream: true }),
    ...maybe(random, 0.3, { instructions: words(random) }),
    ...maybe(random, 0.2, { top_p: 0.5 }),
    ...maybe(random, 0.2, {
      reasoning: random.pick([{ effort: 'none' }, { effort: 'low', summary: 'auto' }, { summary: 'concise' }]),
    }),
    ...maybe(random, 0.15, {
      text: {
        format: random.pick([{ type: 'text' }, { type: 'json_schema', name: 'x', schema: SMALL_SCHEMA, strict: true }]),
      },
    }),
    ...maybe(random, 0.1, { truncation: 'auto' }),
    ...maybe(random, 0.3, { store: false, include: ['reasoning.encrypted_content'], parallel_tool_calls: true }),
    ...(wantsTools ? { tools: [tool] } : {}),
  };
}
