import OpenAI from 'openai';
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions';
import { said, type Call, type Client, type Question } from './client.js';

function requestOf(
  model: string,
  { tool, schema, limit }: Question,
  messages: ChatCompletionMessageParam[],
): ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages,
    temperature: 0,
    ...(limit && { max_tokens: limit }),
    ...(tool && { tools: [{ type: 'function', function: tool }] }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
  };
}

function callsOf(calls: readonly ChatCompletionMessageToolCall[] | undefined): Call[] {
  return ((calls ?? []) as ChatCompletionMessageFunctionToolCall[]).map((call) => ({
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments) as unknown,
  }));
}

export const openaiChat: Client = {
  name: 'openai, chat completions',
  lacks: [],
  connect(url, model) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
    const ask = async (question: Question, messages: ChatCompletionMessageParam[]) => {
      const { choices, usage } = await client.chat.completions.create(requestOf(model, question, messages));
      const { message } = choices[0]!;
      return { message, ...said(message.content ?? '', callsOf(message.tool_calls), usage!.prompt_tokens) };
    };
    return {
      async ask(question) {
        const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: question.prompt }];
        const { message, ...answer } = await ask(question, messages);
        const resume = async (result: string) => {
          const id = message.tool_calls![0]!.id;
          const { message: _, ...next } = await ask(question, [
            ...messages,
            message,
            { role: 'tool', tool_call_id: id, content: result },
          ]);
          return next;
        };
        return { ...answer, resume };
      },
      async stream(question, signal, piece) {
        const request = requestOf(model, question, [{ role: 'user', content: question.prompt }]);
        // The package's own joining of chunks is what its users rely on.
        const stream = client.chat.completions.stream(
          { ...request, stream: true, stream_options: { include_usage: true } },
          { signal },
        );
        stream.on('chunk', piece);
        const { choices, usage } = await stream.finalChatCompletion();
        const { message } = choices[0]!;
        return said(message.content ?? '', callsOf(message.tool_calls), usage!.prompt_tokens);
      },
    };
  },
};
