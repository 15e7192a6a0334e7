import type { Unpacked } from './unpacked.ts';
import { xxHash32 } from './xxhash32.ts';

/** LZ4 frames, which hold blocks: https://github.com/lz4/lz4/tree/dev/doc, lz4_Frame_format.md and lz4_Block_format.md. */
const frameMagic = 0x184d2204;
/** Of a frame's flags: what is its version (1), reserved, or asks for a dictionary, which Kafka has none of. */
const fixedFlags = 0xc3;
const version1 = 0x40;
const independent = 0x20;
const blockSums = 0x10;
const sized = 0x08;
const contentSum = 0x04;
/** A block whose length has this bit is stored as it is. */
const stored = 0x80000000;
const leastMatch = 4;
/** A length of this, in 4 bits, goes on in the bytes that follow. */
const longLength = 15;

/** Frames that follow one another are one content. */
export function unpackLz4(packed: Buffer, into: Unpacked): void {
  let at = 0;
  do at = frame(packed, at, into);
  while (at < packed.length);
}

function frame(packed: Buffer, start: number, into: Unpacked): number {
  const since = into.length;
  let at = start;
  const uint32 = (): number => {
    at += 4;
    if (at > packed.length) throw new Error('a frame is cut short');
    return packed.readUInt32LE(at - 4);
  };
  const isSum = (bytes: Buffer, from: number, to: number): void => {
    if (uint32() !== xxHash32(bytes, from, to)) throw new Error('a checksum is wrong');
  };
  const magic = uint32();
  const head = uint32();
  const sizeCode = (head >> 12) & 0xf;
  if (magic !== frameMagic || (head & fixedFlags) !== version1 || sizeCode < 4 || sizeCode > 7) {
    throw new Error('it does not begin as a frame');
  }
  const maxBlockBytes = 1 << (8 + 2 * sizeCode);
  at += head & sized ? 7 : -1;
  checkHead(packed, start, at - 1);
  for (;;) {
    const size = uint32();
    if (size === 0) break;
    const from = at;
    at += size % stored;
    if (at > packed.length) throw new Error(`a block ends ${at - packed.length} bytes behind the end`);
    const before = into.length;
    if (size >= stored) into.literals(packed, from, at, at - from);
    else block(packed, from, at, into, head & independent ? before : since);
    if (into.length - before > maxBlockBytes) throw new Error(`a block makes more than ${maxBlockBytes} bytes`);
    if (head & blockSums) isSum(packed, from, at);
  }
  const made = into.length - since;
  if (head & sized && packed.readBigUInt64LE(start + 6) !== BigInt(made))
    throw new Error(`a frame makes ${made} bytes`);
  if (head & contentSum) {
    if (into.bytes) isSum(into.bytes, since, into.length);
    else uint32();
  }
  return at;
}

/** The second byte of the checksum of what stands between the magic number and it. */
function checkHead(packed: Buffer, start: number, at: number): void {
  const sum = (from: number): number => (xxHash32(packed, from, at) >> 8) & 0xff;
  if (at >= packed.length) throw new Error('a frame is cut short');
  // Kafka's clients before 0.10 took it of the magic number, too: what they wrote may have been copied ever since.
  if (packed[at] !== sum(start + 4) && packed[at] !== sum(start)) throw new Error('the checksum of a head is wrong');
}

/** Literals and repetitions in turns; literals, of which there may be none, are the last. */
function block(packed: Buffer, start: number, end: number, into: Unpacked, since: number): void {
  let at = start;
  /** The rest of a length whose first 4 bits are all ones: bytes that add up, the last one of them below 255. */
  const more = (): number => {
    for (let sum = longLength; at < end; ) {
      const byte = packed[at] as number; // below the end
      at += 1;
      sum += byte;
      if (byte < 255) return sum;
    }
    throw new Error('a length does not end');
  };
  while (at < end) {
    const token = packed[at] as number; // below the end
    at += 1;
    const literals = token >> 4;
    const count = literals === longLength ? more() : literals;
    at = into.literals(packed, at, end, count);
    if (at === end) return;
    if (at + 2 > end) break;
    const distance = (packed[at] as number) | ((packed[at + 1] as number) << 8); // below the end
    at += 2;
    const match = token & longLength;
    into.repeat(distance, (match === longLength ? more() : match) + leastMatch, since);
  }
  throw new Error('a block does not end in literals');
}
