import type { EventStore, NewEvent } from '@rightsize/event-store';
import Database from 'better-sqlite3';

/** One way of appending and reading, to be timed. */
export interface Side {
  /** Appends all batches, `appenders` of them at a time. Seconds. */
  append(batches: readonly (readonly NewEvent[])[], appenders: number): Promise<number>;
  /** Reads the whole log and parses each event's data. Seconds. */
  replay(): Promise<number>;
}

const READ_PAGE = 1000;

/** The event store, through its port. */
export function storeSide(store: EventStore): Side {
  return {
    append: (batches, appenders) =>
      seconds(async () => {
        let next = 0;
        const appendRest = async (appender: number): Promise<void> => {
          while (next < batches.length) {
            const batch = batches[next]!;
            next += 1;
            await store.append(`bench-${appender}`, batch);
          }
        };
        await Promise.all(Array.from({ length: appenders }, (_, appender) => appendRest(appender)));
      }),
    replay: () =>
      seconds(async () => {
        for (let after = 0; ;) {
          const page = await store.readAll({ after, limit: READ_PAGE });
          after = page.at(-1)?.position ?? after;
          if (page.length < READ_PAGE) return;
        }
      }),
  };
}

/**
 * better-sqlite3 with nothing around it, on the same schema and pragmas: a prepared insert, each
 * batch one transaction, no checks; `SELECT` and `JSON.parse`.
 */
export function rawSide(database: Database.Database): Side {
  const insert = database.prepare(
    `INSERT INTO events (id, stream, version, type, schema_version, recorded_at_ms, data, correlation_id, causation_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  let version = 0;
  const insertBatch = database.transaction((batch: readonly NewEvent[]) => {
    for (const { id, type, schemaVersion, data, metadata } of batch) {
      version += 1;
      insert.run(
        id,
        'bench',
        version,
        type,
        schemaVersion,
        Date.now(),
        JSON.stringify(data),
        metadata.correlationId,
        null,
      );
    }
  });
  const select = database.prepare<[], { readonly data: string }>('SELECT * FROM events ORDER BY position');
  return {
    append: (batches) =>
      seconds(async () => {
        for (const batch of batches) insertBatch(batch);
      }),
    replay: () =>
      seconds(async () => {
        for (const row of select.iterate()) JSON.parse(row.data);
      }),
  };
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1e3;
}
