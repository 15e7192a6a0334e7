/** A few of something that many want: who comes first is served first. */
export interface Turns<Thing> {
  /** @throws the signal's reason when it is aborted before the turn comes */
  take(signal: AbortSignal): Promise<Thing>;
  give(thing: Thing): void;
}

/** Turns for so many things, which are made when they are first needed. */
export function createTurns<Thing extends object>(count: number, make: () => Thing): Turns<Thing> {
  const free: Thing[] = [];
  const waiting = new Set<(thing: Thing) => void>();
  let made = 0;
  return {
    async take(signal) {
      signal.throwIfAborted();
      const thing = free.pop();
      if (thing !== undefined) return thing;
      if (made < count) {
        made += 1;
        return make();
      }
      const { promise, resolve, reject } = Promise.withResolvers<Thing>();
      waiting.add(resolve);
      const abort = (): void => {
        if (waiting.delete(resolve)) reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    give(thing) {
      const [next] = waiting;
      if (next === undefined) free.push(thing);
      else {
        waiting.delete(next);
        next(thing);
      }
    },
  };
}
