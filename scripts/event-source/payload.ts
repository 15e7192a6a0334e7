import type { KafkaMessage } from 'kafkajs';

/** A record as the service hands it to a function. */
export interface EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  /** Base64; absent where the record has no key. */
  readonly key?: string;
  /** Base64; absent where the record is a tombstone. */
  readonly value?: string;
  /** One object for each header. Bytes are signed, as Java's are. */
  readonly headers: readonly Readonly<Record<string, readonly number[] | object>>[];
}

export type EventSourceKind = 'aws:kafka' | 'SelfManagedKafka';

/** What the event says beside its records. */
export interface EventFrame {
  readonly kind: EventSourceKind;
  readonly bootstrapServers: readonly string[];
}

/** A record that waits to be delivered, with its size in an event. */
export interface QueuedRecord {
  readonly record: EventRecord;
  readonly bytes: number;
}

/** The most that one event may have, as JSON. */
export const maxEventBytes = 6 * 1_048_576;
const frameBytes = 2_048;
/** What an event has room for beside its frame. */
export const maxRecordsBytes = maxEventBytes - frameBytes;
const localArn = 'arn:aws:kafka:us-east-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1';

export function queuedRecord(topic: string, partition: number, message: KafkaMessage): QueuedRecord {
  const record: EventRecord = {
    ...{ topic, partition, offset: Number(message.offset), timestamp: Number(message.timestamp) },
    timestampType: 'CREATE_TIME',
    ...(message.key === null ? {} : { key: message.key.toString('base64') }),
    ...(message.value === null ? {} : { value: message.value.toString('base64') }),
    headers: headersOf(message.headers),
  };
  return { record, bytes: JSON.stringify(record).length + 1 };
}

function headersOf(headers: KafkaMessage['headers'] = {}): EventRecord['headers'] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => ({ [name]: one === null || one === undefined ? {} : [...signed(one)] }));
  });
}

function signed(value: Buffer | string): Int8Array {
  return new Int8Array(typeof value === 'string' ? Buffer.from(value) : value);
}

/** The JSON of an event. Records of a partition stand in the order given. */
export function eventOf(records: readonly QueuedRecord[], { kind, bootstrapServers }: EventFrame): string {
  const groups = Map.groupBy(records, ({ record }) => `${record.topic}-${record.partition}`);
  return JSON.stringify({
    eventSource: kind,
    ...(kind === 'aws:kafka' ? { eventSourceArn: localArn } : {}),
    bootstrapServers: bootstrapServers.join(','),
    records: Object.fromEntries([...groups].map(([name, group]) => [name, group.map(({ record }) => record)])),
  });
}
