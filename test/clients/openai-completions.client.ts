import OpenAI from 'openai';
import { said, type Client, type Question } from './client.js';

export const openaiCompletions: Client = {
  name: 'openai, completions',
  lacks: ['tools', 'json'],
  connect(url, model) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
    const requestOf = ({ prompt, limit }: Question) => ({
      model,
      prompt,
      temperature: 0,
      ...(limit && { max_tokens: limit }),
    });
    return {
      async ask(question) {
        const { choices, usage } = await client.completions.create(requestOf(question));
        return said(choices[0]!.text, [], usage!.prompt_tokens);
      },
      async stream(question, signal, piece) {
        const request = { ...requestOf(question), stream: true as const, stream_options: { include_usage: true } };
        let text = '';
        let count: number | null = null;
        for await (const { choices, usage } of await client.completions.create(request, { signal })) {
          text += choices[0]?.text ?? '';
          count = usage?.prompt_tokens ?? count;
          piece();
        }
        return said(text, [], count);
      },
    };
  },
};
