import { decodeEnriched } from '../market/enriched.ts';
import { microsOf } from '../market/micros.ts';
import { type Source, sourceOf } from '../market/source.ts';
import type { BatchResult, InboundRecord } from '../runtime/contract.ts';
import { BadInputError } from '../runtime/errors.ts';
import { readRows } from './fast/read.ts';
import { RowBuffer } from './row-buffer.ts';
import { type SnapshotKey, writeOptions, writeSnapshot } from './rows.ts';

/** A snapshot whose rows are ready, by its key and where they are in the buffers. */
export interface Prepared {
  /** Of its record, in the batch. */
  readonly index: number;
  readonly offset: number;
  readonly symbolId: number;
  readonly expiry: string;
  /** Microseconds since 1970. */
  readonly micros: bigint;
  readonly source: Source;
  readonly snapshot: Span;
  readonly options: Span;
}

/** Bytes of a buffer. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where rows are written before they are sent. It is used again: what one transaction sends is done before the next. */
export interface Workplace {
  readonly snapshots: RowBuffer;
  readonly options: RowBuffer;
}

/** So many bytes of rows go into one transaction: more would not be cheaper by the row, and would hold locks for longer. */
const transactionBytes = 4 << 20;

export function createWorkplace(): Workplace {
  return { snapshots: new RowBuffer(256 << 10), options: new RowBuffer(transactionBytes + (1 << 20)) };
}

/**
 * Decodes records from an index on, until a transaction is full, and writes their rows. A record that is no good gets its
 * error as its result, and no rows. Returns the index of the first record that was left for the next transaction.
 */
export function prepare(
  records: readonly InboundRecord[],
  from: number,
  { snapshots, options }: Workplace,
  into: { readonly prepared: Prepared[]; readonly results: BatchResult[] },
): number {
  snapshots.at = 0;
  options.at = 0;
  let index = from;
  for (; index < records.length && options.at < transactionBytes; index += 1) {
    const record = records[index] as InboundRecord; // below the length
    const start = { snapshot: snapshots.at, options: options.at };
    const source = sourceOf(record);
    const snapshot =
      (record.value && readRows(record.value, snapshots, options, source)) ??
      plainly(record, { snapshots, options }, source, into.results, index);
    if (snapshot === undefined) continue;
    into.prepared.push({
      ...{ index, offset: record.offset, source },
      ...{ symbolId: snapshot.symbolId, expiry: snapshot.expiry, micros: microsOf(snapshot.timestampMs) },
      snapshot: { from: start.snapshot, to: snapshots.at },
      options: { from: start.options, to: options.at },
    });
  }
  return index;
}

/** For any bytes: what the fast path gives must be what this gives. */
function plainly(
  record: InboundRecord,
  { snapshots, options }: Workplace,
  source: Source,
  results: BatchResult[],
  index: number,
): SnapshotKey | undefined {
  try {
    const snapshot = decodeEnriched(record.value);
    writeSnapshot(snapshots, snapshot, source);
    writeOptions(options, snapshot);
    return snapshot;
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    results[index] = error;
    return undefined;
  }
}
