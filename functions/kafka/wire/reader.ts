import { WireError } from './wire-error.ts';

/** A 64-bit number, exact up to 2^53, which no offset, time or producer id reaches. */
export function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/**
 * Reads the protocol's values one after the other, and never past the end: lengths from the network are not trusted.
 * A class, not a closure: it is on the way of each record, and its methods are compiled once for all of them.
 */
export class Reader {
  readonly bytes: Buffer;
  at: number;
  end: number;
  /** How many headers of records were made into objects: they take far more memory than bytes. */
  headers = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Moves over so many bytes, and returns where they begin. */
  skip(length: number): number {
    const start = this.at;
    if (length < 0 || length > this.end - start) {
      throw new WireError('corrupt', `${length} bytes were announced where ${this.end - start} are left`);
    }
    this.at = start + length;
    return start;
  }

  int16(): number {
    return this.bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.skip(4));
  }

  int64(): number {
    return int64(this.bytes, this.skip(8));
  }

  string(): string {
    const length = this.int16();
    const start = this.skip(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /** How many elements follow; none when the array is null. Each takes at least so many bytes. */
  count(leastBytesEach: number): number {
    const count = this.int32();
    if (count * leastBytesEach > this.left) {
      throw new WireError('corrupt', `${count} elements were announced where ${this.left} bytes are left`);
    }
    return count;
  }

  /** Zigzag, at most 5 bytes. */
  varint(): number {
    const { bytes, end } = this;
    let { at } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) break;
      const byte = bytes[at] as number; // below the end
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new WireError('corrupt', 'a number does not end');
  }

  /** Zigzag, at most 10 bytes; exact up to 2^52: what it counts is milliseconds. */
  varlong(): number {
    const { bytes, end } = this;
    let { at } = this;
    let value = 0;
    let factor = 1;
    for (const last = at + 10; at < last && at < end; factor *= 128) {
      const byte = bytes[at] as number; // below the end
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.at = at;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
    }
    throw new WireError('corrupt', 'a number does not end');
  }

  /** Bytes with a varint length in front, not copied; a length of -1 is null. */
  nullableBytes(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Text with a varint length in front. */
  text(): string {
    const length = this.varint();
    const start = this.skip(length);
    return this.bytes.toString('utf8', start, start + length);
  }
}
