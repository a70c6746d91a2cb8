import { existsSync, readFileSync } from 'node:fs';
import { normalizeModelName, readInferenceBody } from '@rightsize/ollama';
import { installationSecret, ReadModels } from '@rightsize/optimizer';
import {
  createSketcher,
  createTemplateDetector,
  type InferenceRequest,
  type TemplateCandidate,
} from '@rightsize/optimizer-core';
import { withDatabase } from './database.js';
import type { Finding } from './finding.js';

/** Candidates that are printed. */
const SHOWN = 20;

type Prompt = Pick<InferenceRequest, 'segments' | 'tools'>;

/**
 * Which templates a prompt was compared with, and which one won, as a gateway that started now would see it. `file` holds
 * a request's body, or a text. Of the installation's secret only the key file is read: without it nothing can be compared.
 */
export function explainTemplate(db: string, file: string, model: string | null): Promise<Finding> {
  const { prompt, model: named } = readPrompt(file);
  return withDatabase(db, async ({ readModels }) => {
    const { knownTemplates: known } = new ReadModels();
    known.load(readModels.rows(known.name, known.version));
    const models = modelsOf(known.values(), model ?? named);
    const sketch = createSketcher(secretOf(db)).sketch(prompt);
    const detector = createTemplateDetector();
    detector.restore(known.values());
    const answers = models.map((one) => {
      const candidates = detector.candidates(one, sketch);
      const { templateId, by, evidence } = detector.detect(one, sketch, [], Date.now());
      return { model: one, templateId, by, evidence, candidates };
    });
    return { text: answers.flatMap(linesOf).join('\n'), json: { models: answers }, ok: true };
  });
}

interface Answer {
  readonly model: string;
  readonly templateId: string | null;
  readonly by: string;
  readonly evidence: number;
  readonly candidates: readonly TemplateCandidate[];
}

const WHY_NOT: Readonly<Record<NonNullable<TemplateCandidate['rejected']>, string>> = {
  'shares-too-little': 'too little is shared',
  'parts-in-another-order': 'its parts come in another order',
  'begins-otherwise': 'its members begin otherwise',
};

const UNITS: Readonly<Record<TemplateCandidate['by'], string>> = {
  exact: 'words of the same text',
  opening: 'words of its opening',
  skeleton: 'weight of its static segments',
};

function linesOf({ model, templateId, by, evidence, candidates }: Answer): readonly string[] {
  return [
    templateId === null
      ? `${model}: no template; this prompt would be remembered as the first of its kind`
      : `${model}: ${templateId}, by ${by === 'exact' ? 'the same text' : `its ${by} (${round(evidence)})`}`,
    ...candidates.slice(0, SHOWN).map((candidate) => {
      const { templateId: id, evidence: shared, needed, rejected } = candidate;
      const outcome =
        id === templateId
          ? candidate.by === by
            ? 'won'
            : 'the winner, by this too'
          : rejected === null
            ? 'possible, but another had more'
            : WHY_NOT[rejected];
      return `  ${id}: ${round(shared)} of ${round(needed)} needed, ${UNITS[candidate.by]}: ${outcome}`;
    }),
    ...(candidates.length > SHOWN ? [`  and ${candidates.length - SHOWN} with less`] : []),
    ...(candidates.length === 0 ? ['  it shares nothing with any template'] : []),
  ];
}

function round(words: number): string {
  return String(Math.round(words * 10) / 10);
}

function readPrompt(file: string): { prompt: Prompt; model: string | null } {
  if (!existsSync(file))
    throw new Error(`${file} does not exist; --explain wants a file with a request's body or a text`);
  const bytes = readFileSync(file);
  for (const route of ['chat', 'generate'] as const) {
    const read = readInferenceBody(route, bytes);
    if (read.kind === 'ok' && read.request.segments.length > 0) {
      return { prompt: read.request, model: normalizeModelName(read.request.model) };
    }
  }
  return { prompt: { segments: [{ role: 'prompt', text: bytes.toString('utf8') }], tools: '' }, model: null };
}

function modelsOf(known: Iterable<{ readonly model: string }>, model: string | null): readonly string[] {
  const models = [...new Set([...known].map((template) => template.model))].toSorted();
  if (model === null) return models;
  const name = normalizeModelName(model);
  if (!models.includes(name))
    throw new Error(`no template of ${name} is known; there are some of ${models.join(', ') || 'no model'}`);
  return [name];
}

function secretOf(db: string): string {
  const file = `${db}.key`;
  if (!existsSync(file))
    throw new Error(`${file} does not exist: without the installation's key no prompt can be compared`);
  const { secret, problem } = installationSecret(db);
  if (problem !== null) throw new Error(problem);
  return secret;
}
