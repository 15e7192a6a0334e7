import { DependencyDownError, RetryableError } from '../runtime/errors.ts';
import type { Connection } from './connection.ts';
import { sqlStateOf } from './errors.ts';
import { runAtOnce } from './exchange.ts';
import { noPrimary } from './look.ts';
import { positionOf } from './lsn.ts';
import type { Monitor } from './monitor.ts';
import type { Pool } from './pool.ts';
import type { Database, ReadOptions, Session, Step } from './port.ts';
import { endStalled } from './stalled.ts';
import { type Head, type Limits, runTransaction } from './transaction.ts';

/** What the manager works with. */
export interface ManagerParts {
  readonly monitor: Monitor;
  /** One a server. */
  readonly pools: readonly Pool[];
  readonly limits: Limits;
  /** How far a replica may be behind when a reader does not say. */
  readonly maxLagMs: number;
}

type Work<T> = (session: Session) => Promise<T>;

/** How often a read that is under way on a replica is assured of it. */
const watchMs = 500;

/** This server is not what it was taken for. Nothing of the work has been done. */
class UnsuitableError extends DependencyDownError {}

/** Writes to the primary, reads from near replicas, and looks for the primary anew when the one it knew is none any more. */
export function createManager({ monitor, pools, limits, maxLagMs: usualLagMs }: ManagerParts): Database {
  const counts = { writes: 0, replicaReads: 0, primaryReads: 0, failures: 0, cancelled: 0 };
  const running = new Set<Promise<unknown>>();
  let isPrimaryInDoubt = true;
  let turn = 0;
  let isClosed = false;

  async function primary(): Promise<string> {
    if (isPrimaryInDoubt || monitor.primary === undefined) await monitor.look();
    if (monitor.primary === undefined) throw noPrimary(monitor.seen);
    isPrimaryInDoubt = false;
    return monitor.primary.server;
  }

  async function on<T>(server: string, signal: AbortSignal, run: (connection: Connection) => Promise<T>): Promise<T> {
    const pool = pools.find((one) => one.server === server);
    if (pool === undefined) throw new TypeError(`There is no pool of ${server}`);
    const connection = await pool.take(signal);
    try {
      return await run(connection);
    } catch (error) {
      const state = sqlStateOf((error as { cause?: unknown }).cause);
      // Read-only by what was found at the login, for all that this session can know: a new one finds what is set now.
      if (state === '25006') connection.destroy();
      if (state === '55P03' && !connection.isBroken)
        await endStalled(connection, limits).catch(() => connection.destroy());
      throw error;
    } finally {
      pool.give(connection);
    }
  }

  /** On the primary. One that turns out to be none before the work has `begun` is looked for once more. */
  async function onPrimary<T>(
    signal: AbortSignal,
    run: (connection: Connection, begun: () => void) => Promise<T>,
  ): Promise<T> {
    let hasBegun = false;
    const begun = (): void => {
      hasBegun = true;
    };
    const once = async (): Promise<T> => {
      return await on(await untilAborted(primary(), signal), signal, (connection) => run(connection, begun));
    };
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof DependencyDownError)) throw error;
      isPrimaryInDoubt = true;
      if (hasBegun || signal.aborted) throw error;
      return await once();
    }
  }

  function transaction<T>(readOnly: boolean, signal: AbortSignal, work: Work<T>): Promise<T> {
    return onPrimary(signal, (connection, begun) => {
      const { server } = connection;
      const accept = ({ isReplica }: Head): void => {
        if (isReplica) throw new UnsuitableError(`The database ${server} is a replica now: the primary is looked for`);
        begun();
      };
      return runTransaction(connection, { readOnly, limits, signal, accept }, work);
    });
  }

  function exchange(steps: readonly Step[], signal: AbortSignal): Promise<void> {
    return onPrimary(signal, async (connection, begun) => {
      try {
        await runAtOnce(connection, { limits, signal }, steps);
      } catch (error) {
        // A replica has refused it. Of whatever else, the commit may have come before.
        if (sqlStateOf((error as Error).cause) !== '25006') begun();
        throw error;
      }
    });
  }

  /** The replicas to try, each time another first. */
  function candidates(): string[] {
    const servers = monitor.replicas.map(({ server }) => server);
    turn += 1;
    return servers.map((_, index) => servers[(index + turn) % servers.length] ?? '');
  }

  async function onReplica<T>(server: string, options: ReadOptions & { maxLagMs: number }, work: Work<T>): Promise<T> {
    const accept = ({ isReplica, lsn }: Head): void => {
      const lagMs = isReplica ? monitor.log.lagOf(lsn ?? '0/0', Date.now()) : 0;
      if (lagMs > options.maxLagMs) throw new UnsuitableError(`The replica ${server} is ${lagMs} ms behind`);
      const { afterLsn } = options;
      if (afterLsn !== undefined && positionOf(lsn ?? '0/0') < positionOf(afterLsn)) {
        throw new UnsuitableError(`The replica ${server} has not replayed ${afterLsn} yet`);
      }
    };
    // One that hangs says nothing on this connection; on the lookout's it has to.
    const gone = new AbortController();
    const watch = setInterval(async () => {
      await monitor.look();
      if (!monitor.replicas.some((seen) => seen.server === server) && monitor.primary?.server !== server) {
        gone.abort(new UnsuitableError(`The replica ${server} does not answer any more`));
      }
    }, watchMs);
    try {
      const signal = AbortSignal.any([options.signal, gone.signal]);
      return await on(server, signal, (connection) =>
        runTransaction(connection, { readOnly: true, limits, signal, accept }, work),
      );
    } finally {
      clearInterval(watch);
    }
  }

  async function read<T>(work: Work<T>, options: ReadOptions): Promise<T> {
    const maxLagMs = options.maxLagMs ?? usualLagMs;
    if (maxLagMs > 0) await untilAborted(monitor.fresh(maxLagMs / 2), options.signal);
    for (const server of maxLagMs > 0 ? candidates() : []) {
      try {
        const value = await onReplica(server, { ...options, maxLagMs }, work);
        counts.replicaReads += 1;
        return value;
      } catch (error) {
        // A replica also cancels what stands in the way of what it replays: that is retryable, and the primary has no such need.
        const isOfServer = error instanceof DependencyDownError || error instanceof RetryableError;
        if (!isOfServer || options.signal.aborted) throw error;
      }
    }
    const value = await transaction(true, options.signal, work);
    counts.primaryReads += 1;
    return value;
  }

  async function counted<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (isClosed) throw new DependencyDownError('The connections to the database are closed');
    const promise = run();
    running.add(promise);
    try {
      return await promise;
    } catch (error) {
      if (signal.aborted) counts.cancelled += 1;
      else if (error instanceof DependencyDownError) counts.failures += 1;
      throw error;
    } finally {
      running.delete(promise);
    }
  }

  return {
    write: (work, { signal }) =>
      counted(async () => {
        const value = await transaction(false, signal, work);
        counts.writes += 1;
        return value;
      }, signal),
    writeAtOnce: (steps, { signal }) =>
      counted(async () => {
        await exchange(steps, signal);
        counts.writes += 1;
      }, signal),
    read: (work, options) => counted(() => read(work, options), options.signal),
    position: ({ signal }) =>
      counted(
        () =>
          transaction(true, signal, async (session) => {
            const { rows } = await session.query<{ lsn: string }>({ text: 'select pg_current_wal_lsn()::text as lsn' });
            return rows[0]?.lsn ?? '0/0';
          }),
        signal,
      ),
    health: () => ({
      writable: !isPrimaryInDoubt && monitor.primary !== undefined,
      servers: monitor.seen.map(({ server, role, lsn, problem }) => {
        const lagMs = role === 'replica' && lsn !== undefined ? monitor.log.lagOf(lsn, Date.now()) : undefined;
        return {
          ...{ server, role },
          ...(lagMs !== undefined && Number.isFinite(lagMs) ? { lagMs } : {}),
          ...(problem === undefined ? {} : { problem }),
        };
      }),
    }),
    metrics: () => ({
      ...counts,
      ...{ discoveries: monitor.discoveries, failovers: monitor.failovers },
      connections: pools.reduce((sum, { size }) => sum + size, 0),
      waiting: pools.reduce((sum, { waiting }) => sum + waiting, 0),
    }),
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
      await Promise.all([monitor.close(), ...pools.map((pool) => pool.close())]);
    },
  };
}

/** The promise, or the signal's reason when that comes first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
