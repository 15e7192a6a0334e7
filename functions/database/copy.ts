import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** The parts of pg's connection that a COPY needs. They are not public: the version is pinned. */
interface Wire {
  readonly stream: Writable;
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** Resolves when the socket takes more, or never will. */
export async function roomIn(stream: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  // The one that does not happen would stay on the socket, one a wait.
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).finally(() =>
    over.abort(),
  );
}

/** Whoever gave the rows to copy has thrown: `cause` is what. */
export class SourceFailure extends Error {}

/** What pg calls of a query, from the moment that its turn has come. */
export interface Submitted {
  readonly done: Promise<number>;
  submit(wire: Wire): void;
}

/**
 * `copy ... from stdin`, as pg takes a query of one's own kind. Chunks are asked for only as fast as the socket takes them. A
 * source that throws ends the COPY with nothing stored; `done` rejects with a SourceFailure then.
 */
export function createCopy(text: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Submitted {
  const { promise: done, resolve, reject } = Promise.withResolvers<number>();
  let rows = 0;
  let isOver = false;
  let failure: SourceFailure | undefined;

  async function send(wire: Wire): Promise<void> {
    try {
      for await (const chunk of chunks) {
        if (isOver) return;
        wire.sendCopyFromChunk(chunk);
        if (wire.stream.writableNeedDrain) await roomIn(wire.stream);
      }
      if (!isOver) wire.endCopyFrom();
    } catch (error) {
      failure = new SourceFailure('the source of the rows failed', { cause: error });
      if (!isOver) wire.sendCopyFail(failure.message);
    }
  }

  const ignore = (): void => undefined;
  return {
    done,
    submit: (wire) => wire.query(text),
    ...{ handleRowDescription: ignore, handleDataRow: ignore, handlePortalSuspended: ignore, handleEmptyQuery: ignore },
    handleCopyData: ignore,
    handleCopyInResponse: (wire: Wire) => void send(wire),
    handleCommandComplete(message: { readonly text: string }) {
      rows = Number(/^COPY (\d+)$/.exec(message.text)?.[1] ?? 0);
    },
    handleReadyForQuery() {
      isOver = true;
      resolve(rows);
    },
    handleError(error: unknown) {
      isOver = true;
      reject(failure ?? error);
    },
  } as Submitted;
}
