/**
 * What functions see of a database: transactions on the primary or on a replica that is near enough. No client's type
 * appears here. Everything is safe behind a pooler that hands out connections by transaction: no state outlives one.
 */

/** A statement and its parameters, `$1` first. It is never prepared by name: behind a pooler, names do not hold. */
export interface Sql {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/**
 * What a statement gave. Columns of type bigint come as numbers, exact up to 2^53, dates as `YYYY-MM-DD`, timestamptz as
 * Date (milliseconds), numeric as text.
 */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  /** Rows that were returned, or changed by a statement that returns none. */
  readonly rowCount: number;
}

/** One transaction under way. Statements go one after the other, in the order of their calls. */
export interface Session {
  /**
   * @throws QueryError for what the statement itself did wrong: data that does not fit, a constraint, its text. The
   * transaction is then good for a `rollback to savepoint` only.
   * @throws DependencyDownError, RetryableError when the server cannot do it now: let these go up
   */
  query<Row = Record<string, unknown>>(sql: Sql): Promise<Rows<Row>>;
  /** `copy ... from stdin`: sends the bytes, in the format that the statement names. Gives the count of rows. */
  copy(text: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<number>;
}

/** Of what is written at once: a statement whose rows nobody looks at, or a `copy ... from stdin` and its bytes. */
export type Step =
  | { readonly text: string; readonly values?: readonly (string | number)[] }
  | { readonly copy: string; readonly chunks: Iterable<Uint8Array> };

/** A place in the write-ahead log of the primary, as PostgreSQL writes it: `16/B374D848`. */
export type Lsn = string;

/** How a transaction is run. */
export interface WriteOptions {
  /** Aborting it cancels the statement at the server and rolls back; the call rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** How, and where, a transaction reads. */
export interface ReadOptions extends WriteOptions {
  /** How far behind a replica may be at most, milliseconds. Default DATABASE_MAX_LAG_MS; 0 asks the primary. */
  readonly maxLagMs?: number;
  /** Only from a server that has replayed up to here: what `position()` gave after a write is then seen. */
  readonly afterLsn?: Lsn;
}

/** One server, as it was last seen. */
export interface ServerHealth {
  /** `host:port`. */
  readonly server: string;
  readonly role: 'primary' | 'replica' | 'unreachable';
  /** How far a replica was behind, milliseconds. */
  readonly lagMs?: number;
  /** Why it is not used: one sentence, with no credentials. */
  readonly problem?: string;
}

/** The servers as they were last seen, and whether there is one to write to. */
export interface DatabaseHealth {
  readonly writable: boolean;
  readonly servers: readonly ServerHealth[];
}

/** Counts since the start. */
export interface DatabaseMetrics {
  readonly writes: number;
  readonly replicaReads: number;
  readonly primaryReads: number;
  /** Transactions that failed because a server could not be had, by what was wrong with it. */
  readonly failures: number;
  readonly cancelled: number;
  /** Times the primary was looked for. */
  readonly discoveries: number;
  /** Times another server was found to be the primary. */
  readonly failovers: number;
  /** Connections that are open now, and calls that wait for one. */
  readonly connections: number;
  readonly waiting: number;
}

/** The primary and its replicas, found among the servers that the settings name. */
export interface Database {
  /**
   * Runs work in one transaction on the primary: committed when it resolves, rolled back when it rejects. When the
   * connection is lost while it commits, the outcome is unknown: DependencyDownError, and the work must be one that can
   * be done again (which keeps what it has done in the same transaction).
   * @throws DependencyDownError when no primary can be had, or a limit of time is over; RetryableError for a deadlock or a
   * serialisation failure; the signal's reason; whatever the work throws
   */
  write<T>(work: (session: Session) => Promise<T>, options: WriteOptions): Promise<T>;
  /**
   * The same with steps that need no answer of one another, in one exchange with the server. The first one that fails ends
   * the transaction, and is what this throws.
   */
  writeAtOnce(steps: readonly Step[], options: WriteOptions): Promise<void>;
  /**
   * Runs work in one read-only transaction on a replica that is near enough, else on the primary. Work may be called a
   * second time, on the primary, when a replica is lost or cancels it.
   */
  read<T>(work: (session: Session) => Promise<T>, options: ReadOptions): Promise<T>;
  /** Where the primary's log is now: behind every write that has resolved. */
  position(options: WriteOptions): Promise<Lsn>;
  health(): DatabaseHealth;
  metrics(): DatabaseMetrics;
  /** Waits for what runs, and closes every connection. */
  close(): Promise<void>;
}
