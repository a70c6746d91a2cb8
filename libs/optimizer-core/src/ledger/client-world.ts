/** The runner of a model as it would be had every request gone to the server as its client sent it. */
export interface ClientWorld {
  /** Tokens; null: nothing is loaded. */
  readonly window: number | null;
  /** It was loaded for a request that named no window. */
  readonly auto: boolean;
  /** When its last answer ended, milliseconds since the epoch. */
  readonly lastEndMs: number;
}

export const EMPTY_WORLD: ClientWorld = Object.freeze({ window: null, auto: true, lastEndMs: 0 });

/** The server's own window where nothing names one, below 23 GiB of video memory: taken where it is not known. */
export const ASSUMED_DEFAULT = 4096;
/** A runner without requests is let go after this long: the server's default. */
export const KEEP_ALIVE_MS = 300_000;

/** Why a request would have reloaded the runner, going by the server's rules; null: it would not have. */
export type ReloadRule =
  /** The client named another window than the loaded one. */
  | 'window-differs'
  /** The client named none, and the loaded one was named by another and is not the server's default. */
  | 'default-differs';

export interface Asked {
  readonly world: ClientWorld;
  readonly window: number;
  readonly reload: ReloadRule | null;
}

/** What a request says that goes to the server as its client sent it. */
export interface Sent {
  /** Null: it names none. */
  readonly clientNumCtx: number | null;
  /** What the server gives a request that names none. */
  readonly serverWindow: number;
  readonly trainedContext: number | null;
  readonly atMs: number;
}

/** What the server would do with it. */
export function askAsSent(world: ClientWorld, { clientNumCtx, serverWindow, trainedContext, atMs }: Sent): Asked {
  const expired = world.window === null || atMs - world.lastEndMs > KEEP_ALIVE_MS;
  const loaded = expired ? null : world.window;
  const most = trainedContext ?? Infinity;
  const wanted = Math.min(clientNumCtx ?? serverWindow, most);
  // Without a window of its own a request takes an automatic runner as it is.
  if (loaded !== null && (loaded === wanted || (clientNumCtx === null && world.auto))) {
    return { world, window: loaded, reload: null };
  }
  const fresh = { window: wanted, auto: clientNumCtx === null, lastEndMs: Math.max(world.lastEndMs, atMs) };
  const rule = clientNumCtx === null ? 'default-differs' : 'window-differs';
  return { world: fresh, window: wanted, reload: loaded === null ? null : rule };
}
