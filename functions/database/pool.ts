import { DependencyDownError } from '../runtime/errors.ts';
import { type Connection, openConnection } from './connection.ts';
import { nameOf, type Server } from './servers.ts';

/** The connections to one server: so many at most, made when they are needed. */
export interface Pool {
  readonly server: string;
  /** Open connections, and those that are being made. */
  readonly size: number;
  readonly waiting: number;
  /**
   * A connection for one transaction.
   * @throws DependencyDownError when the server gives none, or none is free in time; the signal's reason
   */
  take(signal: AbortSignal): Promise<Connection>;
  give(connection: Connection): void;
  close(): Promise<void>;
}

/** Routers and poolers forget idle connections, and a frozen process hears nothing of it. */
const maxIdleMs = 30_000;

interface Waiter {
  readonly proceed: () => void;
  readonly fail: (reason: unknown) => void;
}

/** A pool that has no connection yet. */
export function createPool(server: Server, size: number, timeoutMs: number): Pool {
  const name = nameOf(server);
  const idle: Connection[] = [];
  const waiters = new Set<Waiter>();
  let used = 0;
  let isClosed = false;

  /** A place in the pool, for which the caller then has to `leave`. */
  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (isClosed) throw new DependencyDownError(`The connections to the database ${name} are closed`);
    if (used < size) {
      used += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { proceed: resolve, fail: reject };
    waiters.add(waiter);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => reject(busy()), timeoutMs);
    try {
      await promise;
    } finally {
      waiters.delete(waiter);
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  function busy(): DependencyDownError {
    const all = size === 1 ? 'The connection' : `All ${size} connections`;
    return new DependencyDownError(
      `${all} to the database ${name} were busy for ${timeoutMs} ms: raise DATABASE_POOL_SIZE, or look what is slow`,
    );
  }

  /** The place goes to who waits longest. */
  function leave(): void {
    const [next] = waiters;
    if (next === undefined) {
      used -= 1;
    } else {
      waiters.delete(next);
      next.proceed();
    }
  }

  function fresh(): Connection | undefined {
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      if (!one.isBroken && Date.now() - one.restedAtMs < maxIdleMs) return one;
      one.destroy();
    }
    return undefined;
  }

  return {
    server: name,
    get size() {
      return used + idle.length;
    },
    get waiting() {
      return waiters.size;
    },
    async take(signal) {
      await enter(signal);
      try {
        signal.throwIfAborted();
        return fresh() ?? (await openConnection(server, timeoutMs));
      } catch (error) {
        leave();
        throw error;
      }
    },
    give(connection) {
      connection.restedAtMs = Date.now();
      if (isClosed) void connection.end();
      else if (!connection.isBroken) idle.push(connection);
      leave();
    },
    async close() {
      isClosed = true;
      for (const { fail } of waiters)
        fail(new DependencyDownError(`The connections to the database ${name} are closed`));
      await Promise.all(idle.splice(0).map((connection) => connection.end()));
    },
  };
}
