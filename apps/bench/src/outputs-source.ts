import { isRecord, readCorpus, readLines, readText } from './templates-corpus.js';

/** One answer of known length, in the order in which they came. Tokens. */
export interface KnownAnswer {
  readonly template: string | null;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

const TOKENS_PER_WORD = 1.35;

/** Answers of a labelled corpus; prompts of no template and answers that are not known are left out. */
export function answersOfCorpus(file: string): readonly KnownAnswer[] {
  return readCorpus(file).flatMap(({ templateId, unique, segments, outputWords }) =>
    outputWords === null
      ? []
      : [
          {
            template: unique ? null : templateId,
            promptTokens: inTokens(segments.reduce((words, { text }) => words + wordsOf(text), 0)),
            outputTokens: inTokens(outputWords),
          },
        ],
  );
}

/** Answers of a trace: CSV with a heading, or JSON lines. Clients and models, where it names them, are its templates. */
export function answersOfTrace(file: string): readonly KnownAnswer[] {
  const rows = /\.jsonl(\.gz)?$/.test(file) ? readLines(file) : readTable(file);
  return rows.filter(isRecord).flatMap((row) => {
    const promptTokens = numberIn(row, PROMPT_NAMES);
    const outputTokens = numberIn(row, OUTPUT_NAMES);
    if (promptTokens === null || outputTokens === null) return [];
    const template = TEMPLATE_NAMES.map((name) => row[name]).find((value) => typeof value === 'string') ?? null;
    return [{ template: template as string | null, promptTokens, outputTokens }];
  });
}

const PROMPT_NAMES = ['prompt_tokens', 'input_length', 'prompt_words'] as const;
const OUTPUT_NAMES = ['output_tokens', 'output_length', 'output_words'] as const;
const TEMPLATE_NAMES = ['client', 'evaluated_model'] as const;

function numberIn(row: Record<string, unknown>, names: readonly string[]): number | null {
  for (const name of names) {
    const value = row[name];
    if (value === undefined || value === '') continue;
    const number = Number(value);
    if (Number.isFinite(number)) return name.endsWith('words') ? inTokens(number) : number;
  }
  return null;
}

function readTable(file: string): readonly Record<string, string>[] {
  const [heading, ...lines] = readText(file)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const names = (heading ?? '').trim().split(',');
  return lines.map((line) => {
    const values = line.trim().split(',');
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
  });
}

function wordsOf(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

function inTokens(words: number): number {
  return Math.round(words * TOKENS_PER_WORD);
}
