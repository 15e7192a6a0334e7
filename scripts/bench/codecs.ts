import { inflate } from '../../functions/kafka/wire/inflate.ts';
import { type Compression, encodeRecordBatch } from '../../functions/kafka/wire/record-batch.ts';
import { processor } from '../../functions/processor/definition.ts';
import type { Output } from '../../functions/runtime/contract.ts';
import type { OutboundRecord } from '../../functions/runtime/publisher.ts';
import { compare } from './cpu.ts';
import { prepare } from './handler.ts';
import { packLz4 } from './lz4-pack.ts';

/** A batch of outputs packed one way, with no broker: CPU microseconds and bytes a record. */
export interface CodecCost {
  readonly contracts: number;
  readonly codec: 'none' | 'gzip' | 'lz4' | 'zstd';
  readonly bytes: number;
  /** The whole batch, its checksum included. */
  readonly writeUs: number;
  /** What unpacking adds to reading. */
  readonly unpackUs: number;
}

/** As many records as a batch has of small outputs, and of whole chains. */
const loads = [
  { contracts: 2, records: 40 },
  { contracts: 160, records: 8 },
] as const;

const headerBytes = 61;
const lz4Number = 3;
const identity = { producerId: 1, producerEpoch: 0, firstSequence: 0 };

/**
 * What packing outputs takes by itself. LZ4 is packed by an encoder of the bench's own, in JavaScript, and unpacked as the
 * container does it; the others by Node's zlib in both ways.
 */
export async function benchCodecs(): Promise<CodecCost[]> {
  const costs: CodecCost[] = [];
  for (const { contracts, records } of loads) {
    const outputs = await outputsOf(contracts, records);
    const encoded = (compression: Compression): Buffer => encodeRecordBatch(outputs, identity, 0, compression);
    const plain = encoded('none').subarray(headerBytes);
    const packed = {
      gzip: encoded('gzip').subarray(headerBytes),
      lz4: packLz4(plain),
      zstd: encoded('zstd').subarray(headerBytes),
    };
    const unpack = (codec: number, bytes: Buffer) => () => inflate(codec, bytes, { left: 1e9, room: 1e9 });
    const work = {
      none: () => encoded('none'),
      gzip: () => encoded('gzip'),
      lz4: () => packLz4(encoded('none').subarray(headerBytes)),
      zstd: () => encoded('zstd'),
      ungzip: unpack(1, packed.gzip),
      unlz4: unpack(lz4Number, packed.lz4),
      unzstd: unpack(4, packed.zstd),
    };
    if (!work.unlz4().equals(plain)) throw new Error('LZ4 does not give back what it was given');
    const us = compare(work, { rounds: 9, callsPerRound: Math.round(20_000 / (contracts * records)) + 50 });
    const cost = (codec: CodecCost['codec'], bytes: number, unpackUs: number): void => {
      const perRecord = { bytes: bytes / records, writeUs: us[codec] / records, unpackUs: unpackUs / records };
      costs.push({ contracts, codec, ...perRecord });
    };
    cost('none', plain.length, 0);
    cost('gzip', packed.gzip.length, us.ungzip);
    cost('lz4', packed.lz4.length, us.unlz4);
    cost('zstd', packed.zstd.length, us.unzstd);
  }
  return costs;
}

/** What the processor makes of snapshots of as many symbols, in turn, as they stand in one partition. */
async function outputsOf(contracts: number, count: number): Promise<OutboundRecord[]> {
  const { handle, records, contexts } = await prepare(contracts, processor, count);
  return records.map((record, index): OutboundRecord => {
    const output = handle(record, contexts[index] as (typeof contexts)[number]) as Output;
    return { key: record.key, headers: {}, ...output, value: output.value ?? null } as OutboundRecord;
  });
}
