import Anthropic from '@anthropic-ai/sdk';
import type { Message, MessageCreateParamsNonStreaming, MessageParam } from '@anthropic-ai/sdk/resources/messages';
import { said, type Client, type Question } from './client.js';

function requestOf(
  model: string,
  { tool, limit }: Question,
  messages: MessageParam[],
): MessageCreateParamsNonStreaming {
  return {
    model,
    messages,
    // Newer types have no temperature; the server still takes one.
    ...{ temperature: 0 },
    max_tokens: limit ?? 4096,
    ...(tool && {
      tools: [{ name: tool.name, description: tool.description, input_schema: { ...tool.parameters } }],
    }),
  };
}

function saidOf({ content, usage }: Message) {
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const calls = content.flatMap((block) =>
    block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [],
  );
  return said(text, calls, usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
}

export const anthropicMessages: Client = {
  name: '@anthropic-ai/sdk, messages',
  lacks: ['json'],
  connect(url, model) {
    const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
    return {
      async ask(question) {
        const messages: MessageParam[] = [{ role: 'user', content: question.prompt }];
        const message = await client.messages.create(requestOf(model, question, messages));
        const resume = async (result: string) => {
          const call = message.content.find((block) => block.type === 'tool_use')!;
          const back = { type: 'tool_result', tool_use_id: call.id, content: result } as const;
          return saidOf(
            await client.messages.create(
              requestOf(model, question, [
                ...messages,
                { role: 'assistant', content: message.content },
                { role: 'user', content: [back] },
              ]),
            ),
          );
        };
        return { ...saidOf(message), resume };
      },
      async stream(question, signal, piece) {
        const request = requestOf(model, question, [{ role: 'user', content: question.prompt }]);
        const stream = client.messages.stream(request, { signal });
        stream.on('streamEvent', ({ type }) => {
          if (type === 'content_block_delta') piece();
        });
        return saidOf(await stream.finalMessage());
      },
    };
  },
};
