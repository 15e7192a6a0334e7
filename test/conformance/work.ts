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
  readonly deadLetterPartitions: number;
  /** A handler does not end by itself at the first delivery: what the host is then to do. */
  readonly interruption?: 'deadline' | 'endless loop';
}

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
