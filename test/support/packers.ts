/** The least that can be said in snappy and LZ4, and anything else that one wants to say: each step is written as asked. */

/** Bytes as they are, or a repetition of what stands so far back. */
export type Step = { readonly bytes: Buffer } | { readonly distance: number; readonly length: number };

/** The head of a frame without a size, of blocks up to 64 KB (4 MB: `large`), independent or not, with a checksum or none. */
export const frameHeads = {
  independent: Buffer.from('04224d18604082', 'hex'),
  linked: Buffer.from('04224d184040c0', 'hex'),
  large: Buffer.from('04224d18607073', 'hex'),
  /** A checksum of the content follows the frame. */
  summed: Buffer.from('04224d186440a7', 'hex'),
};

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** A block of snappy. What it announces to make can be a lie. */
export function snappyBlock(steps: readonly Step[], announced = madeBy(steps)): Buffer {
  const parts = steps.map((step) => {
    if ('distance' in step) {
      const { distance, length } = step; // up to 64
      if (length >= 4 && length < 12 && distance < 2_048)
        return Buffer.of(1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 0xff);
      const far = distance > 0xffff;
      return Buffer.concat([Buffer.of((far ? 3 : 2) | ((length - 1) << 2)), uint32(distance).subarray(0, far ? 4 : 2)]);
    }
    const last = step.bytes.length - 1;
    if (last < 60) return Buffer.concat([Buffer.of(last << 2), step.bytes]);
    const size = last < 256 ? 1 : last < 65_536 ? 2 : 4;
    return Buffer.concat([Buffer.of((59 + size) << 2), uint32(last).subarray(0, size), step.bytes]);
  });
  return Buffer.concat([Buffer.from(varint(announced)), ...parts]);
}

/** Blocks of snappy as Java's library frames them. */
export function snappyStream(blocks: readonly Buffer[]): Buffer {
  const framed = blocks.map((block) => Buffer.concat([uint32(block.length).reverse(), block]));
  return Buffer.concat([Buffer.from('82534e41505059000000000100000001', 'hex'), ...framed]);
}

/** A block of LZ4: steps in pairs of bytes and a repetition of at least 4, and bytes at the end. */
export function lz4Block(steps: readonly Step[]): Buffer {
  const parts: Buffer[] = [];
  let pending = Buffer.alloc(0);
  const more = (length: number): number[] => {
    const rest = length - 15;
    return rest < 0 ? [] : [...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
  };
  const put = (match?: { distance: number; length: number }): void => {
    const extra = (match?.length ?? 4) - 4;
    const token = (Math.min(15, pending.length) << 4) | Math.min(15, extra);
    parts.push(Buffer.of(token, ...more(pending.length)), pending);
    if (match) parts.push(Buffer.of(match.distance & 0xff, match.distance >> 8, ...more(extra)));
    pending = Buffer.alloc(0);
  };
  for (const step of steps) {
    if ('distance' in step) put(step);
    else pending = Buffer.concat([pending, step.bytes]);
  }
  put();
  return Buffer.concat(parts);
}

const endMark = uint32(0);

/** A frame of blocks; those marked so are stored as they are. */
export function lz4Frame(head: Buffer, blocks: readonly Buffer[], stored = false): Buffer {
  const sized = blocks.map((block) => [uint32(block.length + (stored ? 2 ** 31 : 0)), block]);
  return Buffer.concat([head, ...sized.flat(), endMark]);
}

/** What the steps make, byte by byte. */
export function made(steps: readonly Step[], before: readonly number[] = []): Buffer {
  const bytes = [...before];
  for (const step of steps) {
    if ('bytes' in step) bytes.push(...step.bytes);
    else for (let count = 0; count < step.length; count += 1) bytes.push(bytes[bytes.length - step.distance] as number);
  }
  return Buffer.from(bytes.slice(before.length));
}

const madeBy = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + ('bytes' in step ? step.bytes.length : step.length), 0);

/** Bytes packed as they are, in blocks of up to 64 KB. */
export function packSnappy(plain: Buffer): Buffer {
  return snappyBlock([{ bytes: plain }]);
}

/** @see packSnappy */
export function packLz4(plain: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < plain.length; at += 65_536) blocks.push(plain.subarray(at, at + 65_536));
  return lz4Frame(frameHeads.independent, blocks, true);
}
