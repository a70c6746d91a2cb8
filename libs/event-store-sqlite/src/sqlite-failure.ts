import { EventStoreError, type EventStoreErrorCode } from '@rightsize/event-store';

interface Failure {
  readonly code: EventStoreErrorCode;
  /** Continues "database FILE ". */
  readonly what: string;
  readonly remedy: string;
}

/** SQLite's primary result codes; its extended ones (SQLITE_BUSY_SNAPSHOT) begin with these. */
const FAILURES: readonly (readonly [prefix: string, failure: Failure])[] = [
  ['SQLITE_BUSY', { code: 'locked', what: 'is locked by another process', remedy: 'end that process, or wait' }],
  ['SQLITE_LOCKED', { code: 'locked', what: 'is locked by another process', remedy: 'end that process, or wait' }],
  [
    'SQLITE_FULL',
    { code: 'full', what: 'cannot grow', remedy: 'free space on its disk, or raise the configured size limit' },
  ],
  [
    'SQLITE_CORRUPT',
    {
      code: 'corrupt',
      what: 'is damaged',
      remedy: 'restore a copy, or save what `sqlite3 FILE .recover` can read, and start with a new file',
    },
  ],
  [
    'SQLITE_NOTADB',
    { code: 'corrupt', what: 'is not an SQLite database', remedy: 'name another file, or move this one away' },
  ],
  [
    'SQLITE_READONLY',
    { code: 'read-only', what: 'cannot be written', remedy: 'make the file and its folder writable for this user' },
  ],
  [
    'SQLITE_CANTOPEN',
    { code: 'io', what: 'cannot be opened', remedy: 'check that its folder exists and this user may write there' },
  ],
  ['SQLITE_PERM', { code: 'io', what: 'may not be opened', remedy: 'check the permissions of the file' }],
  ['SQLITE_IOERR', { code: 'io', what: 'cannot be read or written', remedy: 'check the disk and its mount' }],
];

const CLOSED: Failure = { code: 'closed', what: 'is closed', remedy: 'open it again' };

const NO_SUCH_TABLE: Failure = {
  code: 'schema',
  what: 'lacks a table or column',
  remedy: 'run the pending migrations: npm run migration:run',
};

/** The error for people and for health; undefined for what is not SQLite's (a bug, or the caller's own error). */
export function toEventStoreError(error: unknown, file: string): EventStoreError | undefined {
  if (error instanceof EventStoreError) return error;
  const { code, message } = sqliteError(error);
  const failure = failureOf(code, message);
  if (failure === undefined) return undefined;
  const said = code === '' ? message : `${code}: ${message}`;
  const text = `database ${file} ${failure.what} (${said}): ${failure.remedy.replace('FILE', file)}`;
  return new EventStoreError(failure.code, text, { cause: error });
}

/** As {@link toEventStoreError}, for throwing: what is not SQLite's comes back as it is. */
export function asEventStoreError(error: unknown, file: string): unknown {
  return toEventStoreError(error, file) ?? error;
}

function failureOf(code: string, message: string): Failure | undefined {
  // The driver throws a plain TypeError for a handle that was closed.
  if (message === 'The database connection is not open') return CLOSED;
  if (code === 'SQLITE_ERROR' && /^no such (table|column)/.test(message)) return NO_SUCH_TABLE;
  return FAILURES.find(([prefix]) => code.startsWith(prefix))?.[1];
}

/** By shape, not by class: TypeORM wraps the driver's error, and the native driver keeps the first class it met. */
function sqliteError(error: unknown): { readonly code: string; readonly message: string } {
  if (typeof error !== 'object' || error === null) return { code: '', message: '' };
  if ('driverError' in error) return sqliteError(error.driverError);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: 'message' in error ? String(error.message) : '' };
}
