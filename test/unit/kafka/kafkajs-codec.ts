import { createRequire } from 'node:module';

/** kafkajs' own codecs, which are not public and have no types: another implementation to hold ours against. */
const load = createRequire(import.meta.url);

interface KafkajsEncoder {
  readonly buffer: Buffer;
}

export interface DecodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  readonly timestamp: string;
  readonly offset: string;
  readonly attributes: number;
}

export interface DecodedBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly records: readonly DecodedRecord[];
}

interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly compression: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { partition: number; firstSequence: number; messages: readonly object[] }[];
  }[];
}

export interface RecordSpec {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

interface BatchSpec {
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly lastOffsetDelta: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly compression: number;
  readonly records: readonly KafkajsEncoder[];
}

interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly rackId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
}

const makeRecord: (record: RecordSpec) => KafkajsEncoder = load('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const { RecordBatch: makeBatch }: { RecordBatch: (batch: BatchSpec) => Promise<KafkajsEncoder> } = load(
  'kafkajs/src/protocol/recordBatch/v0/index.js',
);
const fetchProtocol: {
  protocol(options: { version: number }): (request: FetchRequest) => {
    request: { encode(): Promise<KafkajsEncoder> };
    response: { decode(bytes: Buffer): Promise<object> };
  };
} = load('kafkajs/src/protocol/requests/fetch/index.js');

const Decoder: new (bytes: Buffer) => object = load('kafkajs/src/protocol/decoder.js');
const decodeBatch: (decoder: object) => Promise<DecodedBatch> = load('kafkajs/src/protocol/recordBatch/v0/decoder.js');
const produceV7: (request: ProduceRequest) => { encode(): Promise<KafkajsEncoder> } = load(
  'kafkajs/src/protocol/requests/produce/v7/request.js',
);
const responseV7: { decode(bytes: Buffer): Promise<object> } = load(
  'kafkajs/src/protocol/requests/produce/v7/response.js',
);

/** A record batch as kafkajs reads it. */
export function decodeWithKafkajs(bytes: Buffer): Promise<DecodedBatch> {
  return decodeBatch(new Decoder(bytes));
}

/** A produce request as kafkajs writes it. */
export async function encodeWithKafkajs(request: ProduceRequest): Promise<Buffer> {
  return (await produceV7(request).encode()).buffer;
}

/** A produce response as kafkajs reads it. */
export function decodeResponseWithKafkajs(bytes: Buffer): Promise<object> {
  return responseV7.decode(bytes);
}

/** A record batch as kafkajs writes it. */
export async function batchWithKafkajs(
  batch: Omit<BatchSpec, 'records'> & { readonly records: readonly RecordSpec[] },
): Promise<Buffer> {
  return (await makeBatch({ ...batch, records: batch.records.map(makeRecord) })).buffer;
}

/** A fetch request as kafkajs writes it. */
export async function fetchWithKafkajs(version: number, request: FetchRequest): Promise<Buffer> {
  return (await fetchProtocol.protocol({ version })(request).request.encode()).buffer;
}

/** A fetch response as kafkajs reads it. */
export function fetchedWithKafkajs(version: number, bytes: Buffer): Promise<object> {
  const nothing = { maxWaitTime: 0, minBytes: 0, maxBytes: 0, rackId: '', topics: [] };
  return fetchProtocol.protocol({ version })(nothing).response.decode(bytes);
}

interface OldMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp?: number;
  readonly compression?: number;
}

const messageSet: (set: {
  messageVersion: number;
  compression: number;
  entries: readonly OldMessage[];
}) => KafkajsEncoder = load('kafkajs/src/protocol/messageSet/index.js');

/** Messages in format 0 or 1, as kafkajs writes them; each is marked as compressed if told so. */
export function messagesWithKafkajs(messageVersion: 0 | 1, entries: readonly OldMessage[], numbered = false): Buffer {
  return messageSet({ messageVersion, compression: numbered ? 1 : 0, entries }).buffer;
}
