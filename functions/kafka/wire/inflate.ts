import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';
import { unpackedBy } from './unpacked.ts';
import { WireError } from './wire-error.ts';

/** Most bytes that one batch may inflate to. A megabyte of gzip can hold a thousand. */
const maxBatchBytes = 67_108_864;

/** What may be made of one response before the rest of it is left for the next fetch. */
export interface InflateBudget {
  /** Bytes that compressed batches inflate to. */
  left: number;
  /** About what records take in memory: one of 7 bytes, or of many headers, takes dozens of times that. */
  room: number;
}

type Inflate = (packed: Buffer, options: { maxOutputLength: number }) => Buffer;

/** By the number that a batch's attributes give the codec. */
const codecs: readonly { readonly name: string; readonly inflate?: Inflate }[] = [
  { name: 'none' },
  { name: 'gzip', inflate: gunzipSync },
  { name: 'snappy', inflate: unpackedBy(unpackSnappy) },
  { name: 'lz4', inflate: unpackedBy(unpackLz4) },
  { name: 'zstd', inflate: unzstd },
];

/**
 * The records of a compressed batch. Done at once, not in a thread: the order of batches is the order of records.
 * @param lastOffset of the batch, where its head says it: whoever moves a group past it has to know
 * @throws WireError
 */
export function inflate(codec: number, packed: Buffer, budget: InflateBudget, lastOffset?: number): Buffer {
  const where = lastOffset === undefined ? '' : `; its last offset is ${lastOffset}`;
  const { name, inflate: run } = codecs[codec] ?? { name: codec };
  if (run === undefined)
    throw new WireError('unsupported', `The batch is compressed with codec ${name}, which Kafka does not have${where}`);
  try {
    const plain = run(packed, { maxOutputLength: maxBatchBytes });
    budget.left -= plain.length;
    return plain;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new WireError(
        'unsupported',
        `The batch inflates to more than ${maxBatchBytes} bytes (${name})${where}`,
        error,
      );
    }
    throw new WireError('corrupt', `The batch is no sound ${name}: ${message}${where}`, error);
  }
}

/** Most frames of one batch. Each costs a decoder of its own, and a megabyte holds a hundred thousand that are empty. */
const maxFrames = 1_000;

/** Frames that follow one another are one content, but Node stops behind the first. */
function unzstd(packed: Buffer, { maxOutputLength }: { readonly maxOutputLength: number }): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; parts.length === 0 || at < packed.length; ) {
    if (parts.length === maxFrames) throw new Error(`more than ${maxFrames} frames`);
    const options = { maxOutputLength: Math.max(1, maxOutputLength - length), info: true };
    // With `info`, which its types do not know, it tells how much it has read as well.
    const found = zstdDecompressSync(packed.subarray(at), options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    if (found.engine.bytesWritten === 0) throw new Error('a frame without bytes');
    at += found.engine.bytesWritten;
    length += found.buffer.length;
    parts.push(found.buffer);
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length);
}
