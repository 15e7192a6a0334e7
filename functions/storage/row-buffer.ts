import { Buffer } from 'node:buffer';

/**
 * Rows in the binary format of COPY, in one buffer: a count of fields, and before each field its length, -1 for null.
 * Numbers are big-endian. `reserve` first: what is written past the end is an error.
 */
export class RowBuffer {
  #bytes: Buffer;
  #view: DataView;
  at = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Makes room for so many bytes more; what is there is kept. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.at + bytes, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.at);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** For who writes at `at` and moves it by itself. */
  get view(): DataView {
    return this.#view;
  }

  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(from, to);
  }

  beginRow(fields: number): void {
    this.#view.setInt16(this.at, fields);
    this.at += 2;
  }

  putNull(): void {
    this.#view.setInt32(this.at, -1);
    this.at += 4;
  }

  /** double precision, or null. */
  putNumber(value: number | null): void {
    if (value === null) this.putNull();
    else {
      this.#view.setInt32(this.at, 8);
      this.#view.setFloat64(this.at + 4, value);
      this.at += 12;
    }
  }

  putBigint(value: bigint): void {
    this.#view.setInt32(this.at, 8);
    this.#view.setBigInt64(this.at + 4, value);
    this.at += 12;
  }

  putInteger(value: number): void {
    this.#view.setInt32(this.at, 4);
    this.#view.setInt32(this.at + 4, value);
    this.at += 8;
  }

  putBoolean(value: boolean): void {
    this.#view.setInt32(this.at, 1);
    this.#view.setUint8(this.at + 4, value ? 1 : 0);
    this.at += 5;
  }

  putText(text: string): void {
    const length = this.#bytes.write(text, this.at + 4, 'utf8');
    this.#view.setInt32(this.at, length);
    this.at += 4 + length;
  }

  /** What was written before, again. */
  repeat(from: number, to: number): void {
    this.#bytes.copyWithin(this.at, from, to);
    this.at += to - from;
  }
}

/** What stands before the first row of a COPY, and behind the last. */
export const copyHeader = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
export const copyTrailer = Buffer.from([0xff, 0xff]);
