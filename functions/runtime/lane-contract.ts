import type { FunctionDefinition, InboundRecord, Logger } from './contract.ts';
import type { Metrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';

/** What all lanes of a process share. */
export interface LaneRuntime<Resources> {
  readonly definition: FunctionDefinition<Resources>;
  readonly resources: Resources;
  readonly outputs: Publisher | undefined;
  readonly deadLetters: Publisher;
  readonly scheduler: Scheduler;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Records handed out and not yet done, per lane: the bound of what may be published ahead of a stuck record. */
  readonly maxOutstanding: number;
  /**
   * How long a record waits, in the lane, for a dependency that is down. After that the lane stops and leaves the rest
   * undone. A host that nobody ends waits for as long as it takes: `Infinity`.
   */
  readonly dependencyPatienceMs: number;
  /** False while nothing may be handed out, whatever is queued: the membership of the group is in doubt. */
  readonly mayWork: () => boolean;
  /** When the partitions were last known to be ours: what `Assignment.confirmedAtMs` says. */
  readonly confirmedAtMs: () => number;
  /** Called when a lane has room again, or has finished something. */
  readonly onProgress?: () => void;
  /** Called when all that a record caused is stored, and its lane was aborted before: it will be done once more. */
  readonly onLate?: () => void;
}

/** One partition's records on their way: in order, retried, dead-lettered, tracked to the offset to commit. */
export interface Lane {
  readonly partition: number;
  /**
   * Takes records in offset order; after `stop` it takes none. `next` is the offset behind all that was read, where that
   * may be further on than the last record.
   */
  push(records: readonly InboundRecord[], bytes: number, next?: number): void;
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  /** Handed out and not yet passed by the position. */
  readonly outstanding: number;
  /** Nothing is in flight, and nothing more will be: all is done, or the lane was stopped. */
  readonly ended: boolean;
  /** The offset of the first record that it was given, if there is one. */
  readonly start: number | undefined;
  /** The offset to commit, or `undefined` while nothing is done. */
  readonly position: number | undefined;
  /** The offset of the first record that is not done, if there is one. */
  readonly firstUndone: number | undefined;
  /** How often that record was tried, or waited for a dependency. */
  readonly tries: number;
  /** Whether it waits for its next try: the lane stands still, and knows why. */
  readonly triesLater: boolean;
  /** Looks again whether there is something to hand out: after room or trust came back. */
  wake(): void;
  /** Nothing more is handed out; resolves when what is in flight is done, or cannot be. */
  stop(): Promise<void>;
  /** Stops at once: handlers are told by their signal, and nothing more of this lane is published. */
  abort(reason: string): void;
}
