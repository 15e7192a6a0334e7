/**
 * LZ4, packed the plain way (greedy, one candidate a hash, as `LZ4_compress_fast`): what an encoder in JavaScript would make of
 * outputs and take for it. Node has none, and none ships: see what `--only compression` says.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */

/** A frame of independent blocks of up to 64 KB, with no checksums but the head's. */
const head = Buffer.from('04224d18604082', 'hex');
const blockBytes = 65_536;
/** A block whose length has this bit is stored as it is. */
const stored = 0x80000000;
const leastMatch = 4;
/** The format's: matches begin 12 bytes before the end of a block at the latest, and its last 5 bytes are literals. */
const lastMatchStart = 12;
const lastLiterals = 5;
const hashBits = 14;
const candidates = new Int32Array(1 << hashBits);

/** One frame. */
export function packLz4(plain: Buffer): Buffer {
  const blocks = Math.ceil(plain.length / blockBytes);
  const out = Buffer.allocUnsafe(head.length + plain.length + blocks * 4 + 4);
  let at = head.copy(out);
  for (let from = 0; from < plain.length; from += blockBytes) {
    const to = Math.min(plain.length, from + blockBytes);
    const end = packBlock(plain, from, to, out, at + 4);
    if (end < 0) {
      out.writeUInt32LE((to - from + stored) >>> 0, at);
      at += 4 + plain.copy(out, at + 4, from, to);
    } else {
      out.writeUInt32LE(end - at - 4, at);
      at = end;
    }
  }
  return out.subarray(0, out.writeUInt32LE(0, at));
}

/** The end of what was written; -1 when it would be no shorter than the block. */
function packBlock(plain: Buffer, from: number, to: number, out: Buffer, start: number): number {
  const limit = start + (to - from) - 1;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
  let at = start;
  let literals = from;
  let read = from;
  candidates.fill(-1);

  /** Lengths of 15 and more go on in bytes. */
  function rest(length: number): void {
    let left = length - 15;
    for (; left >= 255; left -= 255) out[at++] = 255;
    out[at++] = left;
  }
  /** False when there is no room. */
  function sequence(end: number, match: number, distance: number): boolean {
    const count = end - literals;
    if (at + count + count / 255 + match / 255 + 8 > limit) return false;
    const extra = match - leastMatch;
    out[at++] = (Math.min(15, count) << 4) | (match === 0 ? 0 : Math.min(15, extra));
    if (count >= 15) rest(count);
    at += plain.copy(out, at, literals, end);
    if (match === 0) return true;
    out[at++] = distance & 0xff;
    out[at++] = distance >> 8;
    if (extra >= 15) rest(extra);
    return true;
  }

  let misses = 0;
  while (read <= to - lastMatchStart) {
    const word = view.getUint32(read, true);
    const slot = Math.imul(word, 2_654_435_761) >>> (32 - hashBits);
    const candidate = candidates[slot] as number;
    candidates[slot] = read;
    if (candidate < 0 || read - candidate > 0xffff || view.getUint32(candidate, true) !== word) {
      read += 1 + (misses++ >> 6); // what does not repeat is looked at less and less
      continue;
    }
    let length = leastMatch;
    while (read + length < to - lastLiterals && plain[candidate + length] === plain[read + length]) length += 1;
    if (!sequence(read, length, read - candidate)) return -1;
    read += length;
    literals = read;
    misses = 0;
  }
  return sequence(to, 0, 0) ? at : -1;
}
