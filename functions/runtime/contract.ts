/**
 * The contract between a function and its host: all that a handler sees. No Kafka client and no AWS type
 * appears here, so a handler can be called in a unit test without a server.
 */

/** Header values as they stood on the wire: a name may occur more than once, and a value may be null. */
export type RecordHeaders = Readonly<Record<string, Buffer | null | readonly (Buffer | null)[] | undefined>>;

/** Headers as bytes, in Kafka's own format: what is passed on untouched. */
export interface WireHeaders {
  readonly count: number;
  readonly bytes: Buffer;
}

/** One record of a Kafka partition. Bytes stay bytes until the function decodes them. */
export interface InboundRecord {
  readonly topic: string;
  readonly partition: number;
  /** Position in the partition. A number is exact up to 2^53, which no partition reaches. */
  readonly offset: number;
  /** The record's own timestamp, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** `null` is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /**
   * For the runtime: the same headers in their order and bytes, when `headers` cannot say all of it (a name that repeats,
   * is a number or no UTF-8), or when there are so many that `headers` is made only if it is asked for.
   */
  readonly wireHeaders?: WireHeaders | undefined;
}

/**
 * One record to publish to the function's output topic. Its partition is the input's, modulo the output topic's
 * partition count, so the order of a key holds from end to end. The runtime adds the `source` header.
 */
export interface Output {
  /** Leave out to keep the input's key, byte for byte. */
  readonly key?: Buffer | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string>>;
}

/** What a handler gives back: nothing (the record is filtered), one output or several, in order. */
export type HandlerResult = Output | readonly Output[] | null | undefined;

/** The part of pino's logger that handlers use. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}

/**
 * This process's hold on a partition: the same object for as long as it holds the partition without a break, another one
 * once the partition was given away and came back. In an event-source function each invocation is one. What a handler
 * claims elsewhere in the name of a partition (a lease, an epoch) belongs to its assignment.
 */
export interface Assignment {
  /**
   * The partition was still this process's when whoever hands out partitions was last asked: milliseconds since the epoch,
   * of the moment of asking. A process that was frozen finds an old time here, and never a new one for what it has lost.
   */
  readonly confirmedAtMs: number;
}

/** What a handler gets beside the record. */
export interface HandlerContext<Resources = undefined> {
  /** Aborted at the deadline, at shutdown and when the partition goes to another instance: stop, and throw. */
  readonly signal: AbortSignal;
  /** A logger bound to the record's function, topic, partition and offset. */
  readonly log: Logger;
  /** 1 at the first try. */
  readonly attempt: number;
  /** What the function's `setup` returned: made once per process. */
  readonly resources: Resources;
  readonly assignment: Assignment;
}

/** How often, and how patiently, a record whose handler throws a retryable error is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first one included, before the record goes to the dead-letter topic. */
  readonly attempts: number;
  /** Wait before the second try. It doubles with every further one. */
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
}

/** Which records must not overtake each other: all of a partition, or those of one key. */
export type RecordOrder = 'partition' | 'key';

/** The result of one record of a batch: outputs as `handle` gives them, or the error that befell just this record. */
export type BatchResult = HandlerResult | Error;

/** How the resources of a function are. */
export interface ResourceReport {
  /** Shown by `/ready` as it is; it does not change the status. JSON, and no secrets. */
  readonly health: object;
  readonly metrics: readonly ResourceMetric[];
}

/** A number of `/metrics`, named `hft_<name>` there, such as `database_connections`. Counters end in `_total`. */
export interface ResourceMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** One sentence. */
  readonly help: string;
  readonly value: number;
}

interface FunctionBase<Resources> {
  readonly name: string;
  /** The topic it reads. */
  readonly source: string;
  /** The consumer group, unless `KAFKA_GROUP_ID` says otherwise. */
  readonly group: string;
  /** The topic its outputs go to; absent when it has none. */
  readonly output?: string;
  /**
   * `equal` (the default): the output topic must have as many partitions as the source. `divides`: its count may
   * also divide the source's; output partition = input partition modulo its count.
   */
  readonly outputPartitions?: 'equal' | 'divides';
  /** The topic that takes the records it cannot handle. */
  readonly deadLetters: string;
  readonly order: RecordOrder;
  /**
   * Parks a key when a record of it dies: those behind it wait in the dead-letter topic, unhandled, until
   * `npm run dead-letters -- redrive` has brought them back in order. Takes `order: 'key'`, `handle`, and a compacted topic
   * `<deadLetters>.parked` with as many partitions as the source. Records without a key are not parked.
   */
  readonly park?: boolean;
  readonly retry: RetryPolicy;
  /**
   * Makes what handlers share (a pool, a client), once per process, before the first record. While it throws a
   * DependencyDownError, an event-source function reports its records undone; a container ends, to be started again.
   */
  readonly setup?: (env: Readonly<Record<string, string | undefined>>) => Resources | Promise<Resources>;
  /** What is wrong with settings of its own, one sentence each: told at start, together with all that is wrong with others. */
  readonly checkSettings?: (env: Readonly<Record<string, string | undefined>>) => readonly string[];
  /** How what `setup` made is, for `/ready` and `/metrics` of a container. Asked at any time: it answers from memory. */
  readonly observe?: (resources: Resources) => ResourceReport;
  /** Undoes `setup`, after the last record. */
  readonly close?: (resources: Resources) => void | Promise<void>;
}

/** A function that takes records one by one. A handler that needs no waiting should return no promise: it is faster. */
export interface RecordFunction<Resources = undefined> extends FunctionBase<Resources> {
  readonly handle: (
    record: InboundRecord,
    context: HandlerContext<Resources>,
  ) => HandlerResult | Promise<HandlerResult>;
  readonly handleBatch?: undefined;
}

/** A function that gains from batches (a database write). It returns one result per record, in the same order. */
export interface BatchFunction<Resources = undefined> extends FunctionBase<Resources> {
  readonly handleBatch: (
    records: readonly InboundRecord[],
    context: HandlerContext<Resources>,
  ) => readonly BatchResult[] | Promise<readonly BatchResult[]>;
  readonly handle?: undefined;
}

/** A function: what it reads and writes, the order it needs, how it retries, and its handler. */
export type FunctionDefinition<Resources = undefined> = RecordFunction<Resources> | BatchFunction<Resources>;
