import { Ollama, type AbortableAsyncIterator, type ChatResponse, type Message } from 'ollama';
import { said, type Client, type Question } from './client.js';

function chatRequest(model: string, question: Question, messages: Message[]) {
  const { tool, schema, limit } = question;
  return {
    model,
    messages,
    options: { temperature: 0, ...(limit && { num_predict: limit }) },
    ...(tool && { tools: [{ type: 'function', function: { ...tool, parameters: tool.parameters as object } }] }),
    ...(schema && { format: schema }),
  };
}

function saidOf({ message, prompt_eval_count }: Pick<ChatResponse, 'message' | 'prompt_eval_count'>) {
  const calls = (message.tool_calls ?? []).map(({ function: { name, arguments: given } }) => ({
    name,
    arguments: given,
  }));
  return said(message.content, calls, prompt_eval_count);
}

/** The iterator of this package is stopped by a method of its own. */
async function each<T extends object>(
  iterator: AbortableAsyncIterator<T>,
  signal: AbortSignal,
  use: (part: T) => void,
): Promise<void> {
  signal.addEventListener('abort', () => iterator.abort());
  for await (const part of iterator) use(part);
}

export const ollamaChat: Client = {
  name: 'ollama, chat',
  lacks: [],
  connect(url, model) {
    const client = new Ollama({ host: url });
    return {
      async ask(question) {
        const messages: Message[] = [{ role: 'user', content: question.prompt }];
        const answer = await client.chat(chatRequest(model, question, messages));
        const resume = async (result: string) => {
          const more = [...messages, answer.message, { role: 'tool', content: result, tool_name: question.tool!.name }];
          return saidOf(await client.chat(chatRequest(model, question, more)));
        };
        return { ...saidOf(answer), resume };
      },
      async stream(question, signal, piece) {
        const request = chatRequest(model, question, [{ role: 'user', content: question.prompt }]);
        let text = '';
        const calls: Message['tool_calls'] = [];
        let count = 0;
        await each(await client.chat({ ...request, stream: true }), signal, ({ message, prompt_eval_count, done }) => {
          text += message.content;
          calls.push(...(message.tool_calls ?? []));
          if (done) count = prompt_eval_count;
          piece();
        });
        return saidOf({ message: { role: 'assistant', content: text, tool_calls: calls }, prompt_eval_count: count });
      },
    };
  },
};

export const ollamaGenerate: Client = {
  name: 'ollama, generate',
  lacks: ['tools'],
  connect(url, model) {
    const client = new Ollama({ host: url });
    const requestOf = ({ prompt, schema, limit }: Question) => ({
      model,
      prompt,
      options: { temperature: 0, ...(limit && { num_predict: limit }) },
      ...(schema && { format: schema }),
    });
    return {
      async ask(question) {
        const { response, prompt_eval_count } = await client.generate(requestOf(question));
        return said(response ?? '', [], prompt_eval_count);
      },
      async stream(question, signal, piece) {
        let text = '';
        let count = 0;
        const parts = await client.generate({ ...requestOf(question), stream: true });
        await each(parts, signal, ({ response, prompt_eval_count, done }) => {
          text += response ?? '';
          if (done) count = prompt_eval_count;
          piece();
        });
        return said(text, [], count);
      },
    };
  },
};
