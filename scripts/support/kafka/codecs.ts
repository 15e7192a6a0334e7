import kafkajs from 'kafkajs';
import { inflate } from '../../../functions/kafka/wire/inflate.ts';

// Node finds only some of this CommonJS package's exports by name.
const { CompressionCodecs, CompressionTypes } = kafkajs;

/**
 * Has kafkajs' own consumers read what the runtime reads: by itself kafkajs knows gzip only, and a consumer that meets
 * another codec ends. It counts for the whole process, since kafkajs keeps codecs in one place.
 */
export function readEveryCodec(): void {
  for (const type of [CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD]) {
    const codec = {
      compress: () => Promise.reject(new Error(`Codec ${type} is only read here`)),
      decompress: async (packed: Buffer) =>
        inflate(type, packed, { left: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY }),
    };
    Object.assign(CompressionCodecs, { [type]: () => codec });
  }
}
