import { MAINTENANCE_COMMAND, type DecisionSummary, type RightsizeDoor } from '@rightsize/optimizer';

const SHOWN = 5;

/** How things are, as an answer to `/opt status`. */
export function statusInWords(door: RightsizeDoor): string {
  const { status, reasons, mode, log } = door.health();
  const recent = door.decisions(SHOWN).map((one) => `- ${line(one)}`);
  return [
    `Rightsize is ${status}, mode ${mode}; ${log.position} events are recorded.`,
    ...reasons.map((reason) => `- ${reason}`),
    ...(recent.length > 0 ? ['', 'Latest decisions:', ...recent] : []),
  ].join('\n');
}

/** The latest decision for a client, as an answer to `/opt explain` with nothing to ask the model. */
export function explainInWords(door: RightsizeDoor, client: string | null): string {
  const latest = door.decisions(1000).find((one) => one.client === client);
  if (!latest) return 'Nothing was decided for this client yet.';
  const { need, loadedWindow, outcome, templateId } = latest;
  return [
    line(latest),
    `It needed ${Math.round(need)} tokens for prompt and answer; ${loadedWindow === null ? 'nothing' : `a window of ${loadedWindow}`} was loaded.`,
    templateId === null
      ? 'Its prompt belongs to no template that is known.'
      : `Its prompt is of template ${templateId}.`,
    ...(outcome
      ? [`The server counted ${outcome.promptTokens ?? 'no'} prompt and ${outcome.outputTokens ?? 'no'} answer tokens.`]
      : []),
    `More: ${MAINTENANCE_COMMAND} explain ${latest.id}`,
  ].join('\n');
}

function line({ model, rule, numCtx, imposed }: DecisionSummary): string {
  return `${model}: ${rule}${numCtx === null ? '' : `, window ${numCtx}`}${imposed ? '' : ', sent as it came'}`;
}
