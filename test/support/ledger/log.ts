import { hash } from 'node:crypto';

/** Bytes as text, one character a byte (latin1): exact, and ASCII stays readable. */
export type ByteText = string;

/** Header values by name, as bytes; several where a name occurs more than once, `null` where it has no value. */
export type LoggedHeaders = Readonly<Record<string, ByteText | null | readonly (ByteText | null)[]>>;

/** A record as a topic holds it. Values are kept as fingerprints, so that a million records fit in memory. */
export interface LoggedRecord {
  readonly offset: number;
  /** When it was written, or appended where the topic says `LogAppendTime`; milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly key: ByteText | null;
  /** `fingerprint` of the value; `null` for a tombstone. */
  readonly valueHash: string | null;
  readonly headers: LoggedHeaders;
  /** The bytes themselves, when the reader was asked to keep them. */
  readonly value?: Buffer | null;
}

/** A whole topic, from the start of its log: one array per partition, offsets ascending without a gap. */
export interface TopicLog {
  readonly topic: string;
  readonly partitions: readonly (readonly LoggedRecord[])[];
}

/** What must become of a source record: an output, nothing, or a dead letter of this code. */
export type Fate = 'output' | 'filtered' | DeadLetterCode;

export type DeadLetterCode =
  | 'DECODE_FAILED'
  | 'CONTRACT_VIOLATED'
  | 'OUTPUT_TOO_LARGE'
  | 'HANDLER_FAILED'
  | 'RETRIES_EXHAUSTED';

/** A commit of the group under test: at this moment the partition's committed offset stood here. */
export interface CommitSample {
  readonly atMs: number;
  readonly partition: number;
  /** The next offset to read; -1 when the group has lost it. */
  readonly offset: number;
}

/** Equal for equal bytes, and for no others that a test will meet. */
export function fingerprint(value: Uint8Array): string {
  return hash('sha1', value, 'base64');
}

/** A header's only value; `undefined` when it is absent, empty of value, or there more than once. */
export function headerOf(record: LoggedRecord, name: string): ByteText | undefined {
  const value = Object.hasOwn(record.headers, name) ? record.headers[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
