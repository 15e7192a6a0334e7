import Encoder from 'kafkajs/src/protocol/encoder.js';
import type { Api } from 'kafkajs/src/protocol/requests/index.js';
import {
  decodeFetchResponse,
  encodeFetchRequest,
  type FetchRequest,
  type FetchResponse,
  fetchApi,
} from '../../../functions/kafka/wire/fetch.ts';
import { type AddressedBatch, encodeProduceRequest, produceApi } from '../../../functions/kafka/wire/produce.ts';

/** A request of the runtime's own wire code, as a connection of the commands takes it. */
type WireApi<Arguments, Answer> = Api<Arguments, Answer> & { readonly versions: readonly number[] };

/** Fetch, with the response's bytes as they came. */
export const rawFetch: WireApi<FetchRequest, FetchResponse> = {
  versions: [fetchApi.oldest, fetchApi.newest],
  protocol:
    ({ version }) =>
    (request) => ({
      request: wireRequest(fetchApi, version, () => encodeFetchRequest(request, version)),
      response: { decode: async (bytes) => decodeFetchResponse(bytes, request.topic, version) },
    }),
};
export const rawFetchKey = fetchApi.key;

/** What became of a batch: its error code (0 is stored), and the offset of its first record. */
export interface Stored {
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

const produceTimeoutMs = 5_000;

/** Produce, acknowledged by all in-sync replicas. */
export const rawProduce: WireApi<readonly AddressedBatch[], Stored[]> = {
  versions: [produceApi.version],
  protocol: () => (batches) => ({
    request: wireRequest(produceApi, produceApi.version, () => encodeProduceRequest(batches, produceTimeoutMs)),
    response: { decode: async (bytes) => decodeStored(bytes) },
  }),
};
export const rawProduceKey = produceApi.key;

/** The same as part of a transaction, to one topic. */
export function rawTransactionalProduce(transactionalId: string): typeof rawProduce {
  const id = Buffer.from(transactionalId);
  const head = Buffer.alloc(2 + id.length);
  head.writeInt16BE(id.length, 0);
  head.set(id, 2);
  return {
    ...rawProduce,
    protocol: () => (batches) => ({
      request: wireRequest(produceApi, produceApi.version, () =>
        // In place of the id that it says there is none of.
        Buffer.concat([head, encodeProduceRequest(batches, produceTimeoutMs).subarray(2)]),
      ),
      response: { decode: async (bytes) => decodeStored(bytes) },
    }),
  };
}

function wireRequest({ key, name }: { key: number; name: string }, version: number, encode: () => Buffer) {
  return {
    ...{ apiKey: key, apiVersion: version, apiName: name },
    encode: async () => {
      const encoder = new Encoder();
      encoder.writeBufferInternal(encode());
      return encoder;
    },
  };
}

/** Of one topic: all that is written. https://kafka.apache.org/protocol#The_Messages_Produce */
function decodeStored(bytes: Buffer): Stored[] {
  const stored: Stored[] = [];
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    let partitions = bytes.readInt32BE(at);
    at += 4;
    for (; partitions > 0; partitions -= 1) {
      stored.push({
        partition: bytes.readInt32BE(at),
        errorCode: bytes.readInt16BE(at + 4),
        baseOffset: Number(bytes.readBigInt64BE(at + 6)),
      });
      at += 4 + 2 + 8 + 8 + 8; // partition, error code, base offset, append time, log start
    }
  }
  return stored;
}
