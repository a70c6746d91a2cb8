import { translateV1, v1RouteOf, type Translated } from '@rightsize/ollama';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Case } from './cases.js';
import { askOnce, type NormalAnswer } from './normal-answer.js';

/** What a server answered on its own route, and on the native one to the translated request. */
export interface Recorded {
  readonly path: string;
  readonly body: string;
  readonly direct: NormalAnswer;
  /** Null when it is not translated. */
  readonly native: { readonly status: number; readonly text: string } | null;
}

/** Records answers of a real server, so that a translation can be tested against it without one. */
export async function record(cases: readonly Case[], upstream: string, file: string): Promise<void> {
  const lines: string[] = [];
  for (const { path, body } of cases) {
    await askOnce(upstream, path, body);
    const { route: _, ...direct } = await askOnce(upstream, path, body);
    const translation = translateV1(v1RouteOf(path)!, Buffer.from(body));
    const recorded: Recorded = {
      path,
      body,
      direct,
      native: translation.kind === 'translated' ? await answerOf(upstream, translation) : null,
    };
    lines.push(JSON.stringify(recorded));
  }
  writeFileSync(file, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
}

/** As the gateway asks: again without thinking, when the model cannot. */
async function answerOf(upstream: string, { route, body, withoutThinking }: Translated): Promise<Recorded['native']> {
  const answer = await native(upstream, route, body);
  const isUnable = answer.text.includes('does not support thinking');
  return withoutThinking !== null && isUnable ? native(upstream, route, withoutThinking) : answer;
}

async function native(upstream: string, route: string, body: Buffer): Promise<NonNullable<Recorded['native']>> {
  const response = await fetch(`${upstream}/api/${route}`, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}
