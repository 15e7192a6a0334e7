import { resolve } from 'node:path';
import { withLock } from './lock.ts';

/** How to start servers of this machine: brokers, or databases. */
export interface LocalStart {
  /** Their data, settings and logs. One set of servers a directory; any number of directories. */
  readonly dir: string;
  /** Gets a line now and then on what is being waited for. */
  readonly onProgress?: (line: string) => void;
  /** Aborting it stops what was started so far; the start rejects then. */
  readonly signal?: AbortSignal;
  /** Whether the servers die with this process, however it ends. Otherwise they outlive it. */
  readonly attached?: boolean;
  /** Whether the directory is of no use to anyone else: it is deleted when this process dies before it stopped them. */
  readonly temporary?: boolean;
}

/** The options with what the caller left out. */
export type FullStart<Options extends LocalStart> = Options & Required<LocalStart>;

/** Starts servers while no other process changes their directory. */
export async function startLocked<Options extends LocalStart, Started>(
  options: Options,
  start: (options: FullStart<Options>) => Promise<Started>,
): Promise<Started> {
  const full: FullStart<Options> = {
    ...options,
    dir: resolve(options.dir),
    onProgress: options.onProgress ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
    attached: options.attached ?? false,
    temporary: options.temporary ?? false,
  };
  try {
    return await withLock(full.dir, () => start(full));
  } catch (error) {
    // Whatever was interrupted says so in its own way: the caller gets the reason that it gave.
    throw full.signal.aborted ? full.signal.reason : error;
  }
}
