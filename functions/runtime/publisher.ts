import type { WireHeaders } from './contract.ts';
import type { EngineError } from './errors.ts';

/** The value of a header, or those of a name that occurs more than once. */
export type OutboundHeader = Buffer | string | null | readonly (Buffer | string | null)[];

/** One record to publish, to a partition that is already chosen. */
export interface OutboundRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | string | null;
  readonly headers: Readonly<Record<string, OutboundHeader>>;
  /** Headers that stand before the others, as they are. */
  readonly wireHeaders?: WireHeaders | undefined;
}

/** Learns what became of one published record. Exactly one of the two is called, unless its lane was cancelled. */
export interface Receipt {
  /** Every in-sync replica has it. */
  acknowledged(): void;
  /** The topic will never take it (too large). Anything else is tried again until it is acknowledged. */
  refused(error: EngineError): void;
}

/**
 * Publishes to one topic. Records of one partition are acknowledged in the order they were given. A broken broker is
 * waited for: nothing is dropped, `degraded` says so, and `full` asks the lanes to hand out no more.
 */
export interface Publisher {
  readonly topic: string;
  readonly partitionCount: number;
  /** The most bytes of one record that the topic takes, key, value and headers together. */
  readonly maxRecordBytes: number;
  /** Queues a record of the given size (`wireBytes`); the owner is who may `cancel` it. */
  publish(partition: number, record: OutboundRecord, bytes: number, receipt: Receipt, owner: object): void;
  /** Forgets what has not been sent yet for this owner: its partition belongs to somebody else now. */
  cancel(owner: object): void;
  readonly full: boolean;
  readonly degraded: boolean;
}

const recordOverheadBytes = 32;

/** Bytes of a record on the wire, a little over rather than under. */
export function wireBytes(record: OutboundRecord): number {
  let bytes = recordOverheadBytes + lengthOf(record.key) + lengthOf(record.value);
  if (record.wireHeaders !== undefined) bytes += record.wireHeaders.bytes.length;
  for (const name in record.headers) {
    const value = record.headers[name];
    if (Array.isArray(value)) for (const one of value) bytes += 8 + Buffer.byteLength(name) + lengthOf(one);
    else bytes += 8 + Buffer.byteLength(name) + lengthOf(value as Buffer | string | null);
  }
  return bytes;
}

function lengthOf(value: Buffer | string | null | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}
