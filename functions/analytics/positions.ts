import type { Database } from '../database/port.ts';

/** Watches how far storage has come in the partitions that somebody waits for: one look for all of them. */
export interface Positions {
  /**
   * Whether storage has stored all before this offset: true as soon as that is seen, false when the time is over. Once that
   * was so of a partition, one look has to do, until storage has caught up there: who waits in here looks well meanwhile,
   * and who is turned away stands as waiting for a dependency.
   * @throws DependencyDownError when the database cannot be asked; the signal's reason
   */
  reached(topic: string, partition: number, offset: number, untilMs: number, signal: AbortSignal): Promise<boolean>;
  /** What was seen of a partition is not so on the server that was asked: it is looked at anew. */
  forget(topic: string, partition: number): void;
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly topic: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Storage needs about so long for a batch that it has just been given. */
const pauseMs = 25;
/** It is stopped, or far behind: looking more often brings nobody anything. */
const longestPauseMs = 200;

interface Row {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
}

const text = `select topic, partition, next_offset as "nextOffset" from partition_positions
  where group_id = $1 and topic = any($2::text[])`;

/** A watcher of a group that has not looked yet. Nothing runs while nobody waits. */
export function createPositions(database: Database, group: string): Positions {
  const seen = new Map<string, number>();
  const waiters = new Set<Waiter>();
  const behind = new Set<string>();
  const own = new AbortController().signal;
  const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;
  let isWatching = false;

  async function look(): Promise<void> {
    const topics = [...new Set([...waiters].map(({ topic }) => topic))];
    const { rows } = await database.read((session) => session.query<Row>({ text, values: [group, topics] }), {
      signal: own,
    });
    for (const { topic, partition, nextOffset } of rows) seen.set(placeOf(topic, partition), nextOffset);
  }

  async function watch(): Promise<void> {
    if (isWatching) return;
    isWatching = true;
    try {
      for (let ms = pauseMs; waiters.size > 0; ms = Math.min(ms * 1.3, longestPauseMs)) {
        await look();
        for (const waiter of waiters) {
          if (!waiter.isDone()) continue;
          waiters.delete(waiter);
          waiter.resolve();
          ms = pauseMs;
        }
        if (waiters.size > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      }
    } catch (error) {
      for (const { reject } of waiters) reject(error);
      waiters.clear();
    } finally {
      isWatching = false;
    }
  }

  async function lookUntil(topic: string, isDone: () => boolean, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { topic, resolve, reject, isDone };
    const abort = (): void => reject(signal.reason);
    waiters.add(waiter);
    signal.addEventListener('abort', abort, { once: true });
    void watch();
    try {
      await promise;
    } finally {
      waiters.delete(waiter);
      signal.removeEventListener('abort', abort);
    }
  }

  return {
    async reached(topic, partition, offset, untilMs, signal) {
      signal.throwIfAborted();
      const place = placeOf(topic, partition);
      const isReached = (): boolean => (seen.get(place) ?? -1) >= offset;
      if (!isReached()) {
        const lastMs = behind.has(place) ? Date.now() : untilMs;
        await lookUntil(topic, () => isReached() || Date.now() >= lastMs, signal);
      }
      if (isReached()) behind.delete(place);
      else behind.add(place);
      return isReached();
    },
    forget: (topic, partition) => void seen.delete(placeOf(topic, partition)),
  };
}
