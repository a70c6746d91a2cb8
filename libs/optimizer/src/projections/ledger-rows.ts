import type { RecordedEvent, RowWriter } from '@rightsize/event-store';
import {
  addFigures,
  cellKey,
  emptyLedgerModel,
  foldLedger,
  ledgerReport,
  type DomainEvent,
  type LedgerCell,
  type LedgerDimension,
  type LedgerModel,
  type LedgerReport,
  type LedgerRow,
  type TrafficEvent,
} from '@rightsize/optimizer-core';
import type { DomainProjection } from './folded-rows.js';

/** Cells of one day beyond which clients and templates are no longer told apart: their names come from outside. */
const MAX_CELLS_A_DAY = 500;
/** Days that are kept. */
const MAX_DAYS = 400;

const TYPES = ['request.optimized', 'request.completed', 'runner.reloaded', 'truncation.detected'] as const;

/** What was saved, by day, model, client and template: one event may concern a model's row and a cell. */
export class LedgerRows implements DomainProjection {
  readonly name = 'ledger';
  readonly version = 3;
  readonly types: readonly TrafficEvent['type'][] = TYPES;
  readonly #models = new Map<string, LedgerModel>();
  readonly #cells = new Map<string, LedgerCell>();
  readonly #changed = new Map<string, LedgerRow | null>();
  readonly #days = new Map<string, number>();

  load(rows: Iterable<readonly [key: string, row: unknown]>): void {
    this.#models.clear();
    this.#cells.clear();
    this.#changed.clear();
    this.#days.clear();
    for (const [key, row] of rows) {
      const known = row as LedgerRow;
      if (known.kind === 'model') this.#models.set(known.model, known);
      else this.#addCell(key, known);
    }
  }

  apply(event: RecordedEvent): void {
    this.applyDomain({ type: event.type, data: event.data } as DomainEvent);
  }

  applyDomain(told: DomainEvent): void {
    if (!(TYPES as readonly string[]).includes(told.type)) return;
    const event = told as TrafficEvent;
    const { model: name } = event.data;
    const change = foldLedger(this.#models.get(name) ?? emptyLedgerModel(name), event);
    if (change === null) return;
    let { model } = change;
    if (change.cell) {
      const cell = this.#bounded({ kind: 'cell', ...change.cell });
      const key = cellKey(cell);
      // What is told of the request later goes to where it was counted.
      if (key !== cellKey(change.cell)) {
        model = { ...model, ended: { ...model.ended, [(event.data as { requestId: string }).requestId]: key } };
      }
      this.#count(key, cell);
    }
    if (change.addTo) {
      const { key, figures } = change.addTo;
      const cell = this.#cells.get(key);
      if (cell) this.#count(key, { ...cell, figures });
    }
    this.#models.set(name, model);
    this.#changed.set(`model:${name}`, model);
  }

  flush(writer: RowWriter): void {
    for (const [key, row] of this.#changed) {
      if (row === null) writer.delete(key);
      else writer.put(key, row);
    }
    this.#changed.clear();
  }

  report(by: LedgerDimension): LedgerReport {
    return ledgerReport(this.#cells.values(), this.#models, by);
  }

  #bounded(cell: LedgerCell): LedgerCell {
    const full = (this.#days.get(cell.day) ?? 0) >= MAX_CELLS_A_DAY;
    return full && !this.#cells.has(cellKey(cell)) ? { ...cell, client: null, templateId: null } : cell;
  }

  #count(key: string, added: LedgerCell): void {
    const known = this.#cells.get(key);
    const cell = known ? { ...known, figures: addFigures(known.figures, added.figures) } : added;
    if (known) this.#cells.set(key, cell);
    else this.#addCell(key, cell);
    this.#changed.set(key, cell);
  }

  #addCell(key: string, cell: LedgerCell): void {
    this.#cells.set(key, cell);
    this.#days.set(cell.day, (this.#days.get(cell.day) ?? 0) + 1);
    if (this.#days.size > MAX_DAYS) this.#dropOldestDay();
  }

  #dropOldestDay(): void {
    const oldest = [...this.#days.keys()].toSorted()[0]!;
    this.#days.delete(oldest);
    for (const [key, { day }] of this.#cells) {
      if (day !== oldest) continue;
      this.#cells.delete(key);
      this.#changed.set(key, null);
    }
  }
}
