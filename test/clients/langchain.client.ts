import { AIMessageChunk, HumanMessage, ToolMessage, type AIMessage, type BaseMessage } from '@langchain/core/messages';
import type { Runnable } from '@langchain/core/runnables';
import { ChatOllama, Ollama } from '@langchain/ollama';
import { ChatOpenAI } from '@langchain/openai';
import { said, type Client, type Question, type Tool } from './client.js';

type Chat = Runnable<BaseMessage[], AIMessageChunk, { signal?: AbortSignal }>;

function saidOf({ text, tool_calls, usage_metadata }: AIMessage | AIMessageChunk) {
  const calls = (tool_calls ?? []).map(({ name, args }) => ({ name, arguments: args as unknown }));
  return said(text, calls, usage_metadata?.input_tokens ?? null);
}

/** What all chat models of LangChain have in common. */
function chatClient(name: string, make: (url: string, model: string, question: Question) => Chat): Client {
  return {
    name,
    lacks: [],
    connect: (url, model) => ({
      async ask(question) {
        const chat = make(url, model, question);
        const messages: BaseMessage[] = [new HumanMessage(question.prompt)];
        const message = await chat.invoke(messages);
        const resume = async (result: string) => {
          // Some of these make ids up, and the model reads them.
          message.tool_calls![0]!.id = 'call_1';
          const back = new ToolMessage({ content: result, tool_call_id: 'call_1' });
          return saidOf(await chat.invoke([...messages, message, back]));
        };
        return { ...saidOf(message), resume };
      },
      async stream(question, signal, piece) {
        let whole = new AIMessageChunk('');
        const stream = await make(url, model, question).stream([new HumanMessage(question.prompt)], { signal });
        for await (const chunk of stream) {
          piece();
          whole = whole.concat(chunk);
        }
        return saidOf(whole);
      },
    }),
  };
}

function functionOf({ name, description, parameters }: Tool) {
  return { type: 'function' as const, function: { name, description, parameters: { ...parameters } } };
}

export const langchainOllama = chatClient('@langchain/ollama, chat', (url, model, { tool, schema, limit }) => {
  const chat = new ChatOllama({
    baseUrl: url,
    model,
    temperature: 0,
    maxRetries: 0,
    ...(limit && { numPredict: limit }),
    ...(schema && { format: schema }),
  });
  return tool ? chat.bindTools([functionOf(tool)]) : chat;
});

function openaiChat(useResponsesApi: boolean) {
  return (url: string, model: string, { tool, schema, limit }: Question): Chat => {
    const chat = new ChatOpenAI({
      model,
      apiKey: 'none',
      configuration: { baseURL: `${url}/v1` },
      temperature: 0,
      maxRetries: 0,
      useResponsesApi,
      ...(limit && { maxTokens: limit }),
    });
    if (tool) return chat.bindTools([functionOf(tool)]);
    return schema
      ? chat.withConfig({
          response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { ...schema } } },
        })
      : chat;
  };
}

export const langchainOpenai = chatClient('@langchain/openai, chat completions', openaiChat(false));
export const langchainResponses = chatClient('@langchain/openai, responses', openaiChat(true));

type Plain = Runnable<string, string, { signal?: AbortSignal }>;

/** Texts in, texts out: these tell no counts. */
function textClient(
  name: string,
  lacks: Client['lacks'],
  make: (url: string, model: string, question: Question) => Plain,
): Client {
  return {
    name,
    lacks,
    connect: (url, model) => ({
      ask: async (question) => said(await make(url, model, question).invoke(question.prompt)),
      async stream(question, signal, piece) {
        let text = '';
        for await (const part of await make(url, model, question).stream(question.prompt, { signal })) {
          piece();
          text += part;
        }
        return said(text);
      },
    }),
  };
}

export const langchainOllamaText = textClient(
  '@langchain/ollama, generate',
  // It stops reading when its user leaves, and holds the connection until the answer has ended.
  ['tools', 'json', 'counts', 'leaving'],
  (url, model, { limit }) =>
    new Ollama({
      baseUrl: url,
      model,
      temperature: 0,
      maxRetries: 0,
      ...(limit && { numPredict: limit }),
    }),
);
