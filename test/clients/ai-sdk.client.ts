import { generateText, jsonSchema, Output, streamText, tool as defineTool, type ModelMessage } from 'ai';
import { createOllama } from 'ollama-ai-provider-v2';
import { said, type Call, type Client, type Question } from './client.js';

interface Counts {
  readonly inputTokens: number | undefined;
}

function saidOf(
  text: string,
  calls: readonly { readonly toolName: string; readonly input: unknown }[],
  usage: Counts,
): ReturnType<typeof said> {
  const called = calls.map(({ toolName, input }): Call => ({ name: toolName, arguments: input }));
  return said(text, called, usage.inputTokens ?? null);
}

function settingsOf({ tool, schema, limit }: Question) {
  return {
    maxRetries: 0,
    // The package's own `temperature` and `maxOutputTokens` reach Ollama as fields that it does not know.
    providerOptions: { ollama: { options: { temperature: 0, ...(limit && { num_predict: limit }) } } },
    ...(tool && {
      tools: {
        [tool.name]: defineTool({ description: tool.description, inputSchema: jsonSchema({ ...tool.parameters }) }),
      },
    }),
    ...(schema && { output: Output.object({ schema: jsonSchema({ ...schema }) }) }),
  };
}

export const aiSdk: Client = {
  name: 'ai with ollama-ai-provider-v2, chat',
  lacks: [],
  connect(url, name) {
    const model = createOllama({ baseURL: `${url}/api` }).chat(name);
    return {
      async ask(question) {
        const messages: ModelMessage[] = [{ role: 'user', content: question.prompt }];
        const settings = settingsOf(question);
        const { text, toolCalls, usage, response } = await generateText({ model, messages, ...settings });
        const resume = async (result: string) => {
          const { toolCallId, toolName } = toolCalls[0]!;
          const output = { type: 'text' as const, value: result };
          const back: ModelMessage = { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] };
          const more = [...messages, ...response.messages, back];
          const next = await generateText({ model, messages: more, ...settings });
          return saidOf(next.text, next.toolCalls, next.usage);
        };
        return { ...saidOf(text, toolCalls, usage), resume };
      },
      async stream(question, signal, piece) {
        const failures: unknown[] = [];
        const stream = streamText({
          model,
          prompt: question.prompt,
          abortSignal: signal,
          ...settingsOf(question),
          // This package ends a stream that failed in silence, unless it is asked.
          onError: ({ error }) => void failures.push(error),
        });
        for await (const part of stream.fullStream) if (part.type.endsWith('-delta')) piece();
        if (failures.length > 0) throw failures[0];
        return saidOf(await stream.text, await stream.toolCalls, await stream.totalUsage);
      },
    };
  },
};
