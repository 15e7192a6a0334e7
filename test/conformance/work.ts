import type { LoggedHeaders } from '../support/ledger/log.ts';

/** A record to write to the source topic. Records of a partition have the offsets 0, 1, 2, ... in this order. */
export interface SourceRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | string[]>>;
}

/** Records for a function, and topics to do it in. */
export interface Work {
  readonly name: string;
  /** Its name in the bundle. */
  readonly functionName: string;
  /** The processor of the bundle that ships, or a function under test/fixtures on the same runtime. */
  readonly shipped?: boolean;
  readonly records: readonly SourceRecord[];
  readonly partitions: number;
  /** Of the output topic, where it has fewer than the source: its count divides that. */
  readonly outputPartitions?: number;
  readonly deadLetterPartitions: number;
  /** What goes wrong while it is done, and is put right by the host that runs it. */
  readonly trouble?: Trouble;
  /** Where the group has to stand while the trouble lasts: the next offset of each partition. */
  readonly standsAt?: readonly number[];
  /** Records may be delivered again, and their outputs written again: what was written first is judged. */
  readonly mayDouble?: boolean;
  /** The outputs that each partition comes to, where another host cannot be asked. */
  readonly outputs?: readonly (readonly string[])[];
}

/** What may go wrong around a handler. `features.ts` says which host does not know which, and why. */
export type Trouble =
  /** A handler does not end by itself before its host's time is over, in the second case not even when it is told to. */
  | 'deadline'
  | 'endless loop'
  /** The brokers do not store what is written to a topic, and then do. */
  | 'dead letters not stored'
  | 'outputs not stored'
  /** A handler is under way when its partition goes: to another member, or because the group has dropped its own. */
  | 'partitions revoked'
  | 'partitions lost';

/** A record as a topic holds it, bytes as latin1. */
export interface Written {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  /** With the names of this run's topics, and the input's time, replaced by words. */
  readonly headers: LoggedHeaders;
}

/** All that came of a work, in the order of each partition. */
export interface Observed {
  readonly outputs: readonly Written[];
  readonly deadLetters: readonly Written[];
  /** Records without output or dead letter, as the host counts them. */
  readonly filtered: number;
  /** What there was while the trouble lasted, and had to stay. */
  readonly meanwhile?: Meanwhile;
}

export interface Meanwhile {
  /** The next offset of each partition, as its group would get it. */
  readonly standsAt: readonly number[];
  readonly deadLetters: number;
}

/** One of the places where a function can run. */
export interface Host {
  readonly name: 'inline' | 'container' | 'function';
  /** Runs the function until every record is accounted for. */
  run(work: Work, bundles: Bundles): Promise<Observed>;
}

/** The bundle that ships, and the fixtures on its runtime. */
export interface Bundles {
  readonly shipped: string;
  readonly fixtures: string;
}

/** The key of the input that a written record came of: its case. */
export function inputOf({ headers }: Written): { readonly partition: number; readonly offset: number } {
  const source = headers['error.topic'] === undefined ? String(headers.source).split('/') : undefined;
  const [, partition, offset] = source ?? ['', headers['error.partition'], headers['error.offset']];
  return { partition: Number(partition), offset: Number(offset) };
}
