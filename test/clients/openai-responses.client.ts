import OpenAI from 'openai';
import type {
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
} from 'openai/resources/responses/responses';
import { said, type Client, type Question } from './client.js';

function requestOf(
  model: string,
  { tool, schema, limit }: Question,
  input: ResponseInputItem[],
): ResponseCreateParamsNonStreaming {
  return {
    model,
    input,
    temperature: 0,
    ...(limit && { max_output_tokens: limit }),
    ...(tool && { tools: [{ type: 'function', strict: false, ...tool }] }),
    ...(schema && { text: { format: { type: 'json_schema', name: 'answer', schema } } }),
  };
}

function saidOf({ output, usage }: Response) {
  const calls = output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, arguments: JSON.parse(item.arguments) as unknown }] : [],
  );
  const text = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const words = text.map((part) => (part.type === 'output_text' ? part.text : part.refusal));
  return said(words.join(''), calls, usage!.input_tokens);
}

export const openaiResponses: Client = {
  name: 'openai, responses',
  lacks: [],
  connect(url, model) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
    return {
      async ask(question) {
        const input: ResponseInputItem[] = [{ role: 'user', content: question.prompt }];
        const response = await client.responses.create(requestOf(model, question, input));
        const resume = async (result: string) => {
          const call = response.output.find((item) => item.type === 'function_call')!;
          const more = [
            ...input,
            call,
            { type: 'function_call_output', call_id: call.call_id, output: result } as const,
          ];
          return saidOf(await client.responses.create(requestOf(model, question, more)));
        };
        return { ...saidOf(response), resume };
      },
      async stream(question, signal, piece) {
        const request = requestOf(model, question, [{ role: 'user', content: question.prompt }]);
        let completed: Response | undefined;
        // Not `responses.stream`: it does not take thoughts as Ollama streams them (docs/clients.md).
        for await (const event of await client.responses.create({ ...request, stream: true }, { signal })) {
          if (event.type.endsWith('.delta')) piece();
          if (event.type === 'response.completed') completed = event.response;
        }
        return saidOf(completed!);
      },
    };
  },
};
