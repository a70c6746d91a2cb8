import { SingleBar } from 'cli-progress';

/** Says what is being done; `done` of `total` requests. */
export type Progress = (what: string, done: number, total: number) => void;

export type StoppableProgress = Progress & { stop(): void };

/** A bar on a terminal, one for each thing that is being done. */
function progressBar(): StoppableProgress {
  const bar = new SingleBar({ format: '{what} |{bar}| {value}/{total}', hideCursor: true, clearOnComplete: true });
  let current = '';
  const show: Progress = (what, done, total) => {
    if (what !== current) bar.start(total, done, { what: what.padEnd(34) });
    current = what;
    bar.update(done);
  };
  return Object.assign(show, { stop: () => bar.stop() });
}

/** A line at the start of each thing, where there is no terminal. */
function progressLines(): StoppableProgress {
  let current = '';
  const show: Progress = (what, _done, total) => {
    if (what !== current) console.error(`${what}: ${total} requests`);
    current = what;
  };
  return Object.assign(show, { stop: () => undefined });
}

/** As fits where it is shown: on stderr, which leaves stdout to the figures. */
export function progressOnStderr(): StoppableProgress {
  return process.stderr.isTTY ? progressBar() : progressLines();
}
