import type { InboundRecord, RecordHeaders } from '../../runtime/contract.ts';
import type { InvocationContext } from './host.ts';

/** An event as the service sends it, to call a function's handler with in a test. */
export interface KafkaEvent {
  readonly eventSource: 'aws:kafka' | 'SelfManagedKafka';
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>;
}

export interface KafkaEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  /** Base64; absent where the record has none. */
  readonly key?: string;
  readonly value?: string;
  /** One object for each header, with its bytes as signed numbers; an empty object stands for a null. */
  readonly headers: readonly Readonly<Record<string, readonly number[] | object>>[];
}

/** Builds an event of these records, of any number of partitions. */
export function createEvent(
  records: readonly InboundRecord[],
  eventSource: KafkaEvent['eventSource'] = 'aws:kafka',
): KafkaEvent {
  const groups = Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`);
  const arn = 'arn:aws:kafka:ap-south-1:123456789012:cluster/test/00000000-0000-0000-0000-000000000000-1';
  return {
    eventSource,
    ...(eventSource === 'aws:kafka' ? { eventSourceArn: arn } : {}),
    bootstrapServers: '127.0.0.1:9092',
    records: Object.fromEntries([...groups].map(([name, group]) => [name, group.map(eventRecord)])),
  };
}

function eventRecord({ topic, partition, offset, timestamp, key, value, headers }: InboundRecord): KafkaEventRecord {
  return {
    ...{ topic, partition, offset, timestamp, timestampType: 'CREATE_TIME' },
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: headerList(headers),
  };
}

function headerList(headers: RecordHeaders): Record<string, number[] | object>[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.map((bytes: Buffer | null) => ({ [name]: bytes === null ? {} : [...new Int8Array(bytes)] }));
  });
}

/** The context of an invocation that has so much time left when it begins. */
export function createInvocation(remainingMs = 30_000, awsRequestId = 'test-request'): InvocationContext {
  const endsAtMs = Date.now() + remainingMs;
  return { awsRequestId, getRemainingTimeInMillis: () => Math.max(0, endsAtMs - Date.now()) };
}
