import {
  emptyTemplateStatistics,
  foldTemplate,
  inheritTemplate,
  mergeTemplates,
  type TrafficEvent,
  type TemplateOrder,
  type KnownTemplate,
  type TemplateStatistics,
} from '@rightsize/optimizer-core';

/** Whose statistics an event concerns: a merge concerns those of the survivor. */
export function statisticsKey(event: TrafficEvent | TemplateOrder): string | null {
  return event.type === 'templates.merged' ? event.data.survivorId : templateOf(event);
}

export function templateOf(event: TrafficEvent | TemplateOrder): string | null {
  return 'templateId' in event.data ? event.data.templateId : null;
}

/** A template that splits off begins with what its parent knows; one that is merged leaves all to the survivor. */
export function foldTemplateStatistics(
  row: TemplateStatistics | undefined,
  event: TrafficEvent | TemplateOrder,
  rowOf: (templateId: string) => TemplateStatistics | undefined,
): TemplateStatistics {
  const own = row ?? emptyTemplateStatistics(statisticsKey(event) ?? '', event.data.model);
  if (isOrder(event)) return foldOrder(own, event);
  if (own.locked) return own;
  if (event.type === 'templates.merged') {
    const merged = rowOf(event.data.templateId);
    return merged === undefined ? own : mergeTemplates(own, merged);
  }
  const folded = foldTemplate(own, event);
  if (event.type !== 'template.split' || row !== undefined) return folded;
  const parent = rowOf(event.data.parentId);
  return parent === undefined ? folded : inheritTemplate(folded, parent);
}

function isOrder(event: TrafficEvent | TemplateOrder): event is TemplateOrder {
  return event.type === 'template.pinned' || event.type === 'template.locked' || event.type === 'template.forgotten';
}

function foldOrder(row: TemplateStatistics, event: TemplateOrder): TemplateStatistics {
  const { pinned, locked, ...known } = row;
  switch (event.type) {
    case 'template.pinned':
      return { ...known, ...(locked && { locked }), ...(event.data.window !== null && { pinned: event.data.window }) };
    case 'template.locked':
      return { ...known, ...(pinned !== undefined && { pinned }), ...(event.data.locked && { locked: true }) };
    case 'template.forgotten':
      return emptyTemplateStatistics(row.templateId, row.model);
  }
}

const NOTHING = { exact: null, start: null, opening: null, segments: [] } as const;

/** The last definition counts; of a template that is no more only its name and whereabouts stay. */
export function foldKnownTemplate(row: KnownTemplate | undefined, event: TrafficEvent | TemplateOrder): KnownTemplate {
  const { model, atMs } = event.data;
  const templateId = templateOf(event) ?? '';
  const gone = { templateId, model, definition: NOTHING, fingerprints: [], atMs: row?.atMs ?? atMs };
  switch (event.type) {
    case 'template.detected':
    case 'template.split': {
      const { definition, fingerprints } = event.data;
      return { templateId, model, definition, fingerprints, atMs: gone.atMs, mergedInto: null, evicted: false };
    }
    case 'templates.merged':
      return { ...gone, mergedInto: event.data.survivorId, evicted: false };
    default:
      return { ...gone, mergedInto: null, evicted: true };
  }
}
