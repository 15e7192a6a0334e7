import type { Unpacked } from './unpacked.ts';

/**
 * Snappy as producers write it: one block, as https://github.com/google/snappy/blob/main/format_description.txt has it
 * (librdkafka), or the stream of Java's snappy-java, which most others write as well: a head of 16 bytes, then blocks
 * with their lengths in front. The versions in the head are not looked at: there was never a second one, and some
 * clients write other numbers.
 */
const streamMagic = Buffer.from('\x82SNAPPY\0', 'latin1');
const streamHeadBytes = 16;

export function unpackSnappy(packed: Buffer, into: Unpacked): void {
  // No block begins as a head: it would repeat something before there is anything.
  if (!headAt(packed, 0)) return void block(packed, 0, packed.length, into);
  let at = 0;
  while (at < packed.length) at = headAt(packed, at) ? at + streamHeadBytes : part(packed, at, into);
  if (at > packed.length) throw new Error('a head is cut short');
}

/** A block with its length in front. A head, which may come again where streams were joined, is a length below 0. */
function part(packed: Buffer, at: number, into: Unpacked): number {
  const start = at + 4;
  const left = packed.length - start;
  const length = left < 0 ? left : packed.readInt32BE(at);
  if (length < 0 || length > left) throw new Error(`a block of ${length} bytes where ${left} are left`);
  block(packed, start, start + length, into);
  return start + length;
}

const headAt = (packed: Buffer, at: number): boolean =>
  streamMagic.equals(packed.subarray(at, at + streamMagic.length));

/** A block says first how much it makes, and then how: literals and repetitions in any order. */
function block(packed: Buffer, start: number, end: number, into: Unpacked): void {
  const since = into.length;
  let at = start;
  /** A number of so many bytes, the lowest first. */
  const number = (bytes: number): number => {
    if (bytes > end - at) throw new Error('a block is cut short');
    let value = 0;
    for (let index = at + bytes - 1; index >= at; index -= 1) value = value * 256 + (packed[index] as number); // below the end
    at += bytes;
    return value;
  };
  let announced = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = number(1);
    announced += (byte & 0x7f) * factor;
    if (byte < 128) break;
    if (factor > 128 ** 3) throw new Error('a length does not end');
  }
  while (at < end) {
    const tag = packed[at] as number; // below the end
    at += 1;
    const upper = tag >> 2;
    const kind = tag & 3;
    if (kind === 0) {
      const count = (upper < 60 ? upper : number(upper - 59)) + 1;
      at = into.literals(packed, at, end, count);
    } else if (kind === 1) into.repeat(((tag >> 5) << 8) | number(1), (upper & 7) + 4, since);
    else into.repeat(number(kind === 2 ? 2 : 4), upper + 1, since);
  }
  const made = into.length - since;
  if (made !== announced) throw new Error(`a block makes ${made} bytes where it announced ${announced}`);
}
