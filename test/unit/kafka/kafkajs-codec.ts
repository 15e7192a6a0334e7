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
