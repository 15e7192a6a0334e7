/**
 * What LZ4 and snappy make of their input: bytes as they stand there, and repetitions of what was made before.
 * Without `bytes` it only counts. A class, not a closure, like `Reader`: each few bytes of a batch pass here.
 */
export class Unpacked {
  readonly limit: number;
  readonly bytes: Buffer | undefined;
  length = 0;

  constructor(limit: number, bytes?: Buffer) {
    this.limit = limit;
    this.bytes = bytes;
  }

  /** Takes over `count` bytes of the input from `at` on, where `end` is its end; returns where they end. */
  literals(packed: Buffer, at: number, end: number, count: number): number {
    if (count > end - at) throw new Error(`${count} bytes were announced where ${end - at} are left`);
    const { bytes } = this;
    const to = this.grow(count);
    if (bytes === undefined) return at + count;
    if (count > loopBytes) bytes.set(packed.subarray(at, at + count), to);
    // The checks above keep each index below the end of its buffer.
    else for (let index = 0; index < count; index += 1) bytes[to + index] = packed[at + index] as number;
    return at + count;
  }

  /** Repeats what stands `distance` bytes back, of what was made from `since` on; it may run into what it makes. */
  repeat(distance: number, count: number, since: number): void {
    if (distance === 0 || distance > this.length - since) {
      throw new Error(`it goes ${distance} bytes back where ${this.length - since} were made`);
    }
    const { bytes } = this;
    const to = this.grow(count);
    if (bytes === undefined) return;
    if (count > loopBytes && distance >= count) bytes.copyWithin(to, to - distance, to - distance + count);
    else for (let at = to; at < to + count; at += 1) bytes[at] = bytes[at - distance] as number;
  }

  private grow(count: number): number {
    const from = this.length;
    // As zlib says it.
    if (count > this.limit - from) throw Object.assign(new RangeError('too large'), { code: 'ERR_BUFFER_TOO_LARGE' });
    this.length = from + count;
    return from;
  }
}

/** Up to so many bytes a loop is faster than the call that copies them. */
const loopBytes = 48;

/**
 * Goes over the input twice: first it is counted what it makes, and then there is memory for just that. So no length
 * that the input only claims takes memory, and records, which are views of it, keep no more alive than their batch.
 */
export function unpackedBy(unpack: (packed: Buffer, into: Unpacked) => void) {
  return (packed: Buffer, { maxOutputLength }: { readonly maxOutputLength: number }): Buffer => {
    const counted = new Unpacked(maxOutputLength);
    unpack(packed, counted);
    const bytes = Buffer.alloc(counted.length);
    unpack(packed, new Unpacked(counted.length, bytes));
    return bytes;
  };
}
