/**
 * CRC-32C (Castagnoli, RFC 3720 B.4), which Kafka asks of every record batch. Node has only the other CRC-32. Sixteen
 * bytes a step ("slicing by 16"), since it runs over every byte that is produced: 0.9 us for 1.7 KB, 1.6 by eight.
 */

const polynomial = 0x82f63b78;
const step = 16;

/** Table s, at 256 * s: what a byte does to the checksum when s more bytes of the step follow it. */
const table = makeTable();

function makeTable(): Int32Array {
  const made = new Int32Array(256 * step);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[byte] = crc;
  }
  for (let index = 256; index < made.length; index += 1) {
    const crc = made[index - 256] as number; // within bounds
    made[index] = (made[crc & 0xff] as number) ^ (crc >>> 8);
  }
  return made;
}

/** What four bytes do, the last of them with `follow` more bytes of the step behind it. */
function fold(word: number, follow: number): number {
  // Every index is within bounds by construction.
  return (
    (table[(follow + 3) * 256 + (word & 0xff)] as number) ^
    (table[(follow + 2) * 256 + ((word >>> 8) & 0xff)] as number) ^
    (table[(follow + 1) * 256 + ((word >>> 16) & 0xff)] as number) ^
    (table[follow * 256 + (word >>> 24)] as number)
  );
}

/** The checksum of bytes `start` (included) to `end` (excluded), as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (const last = end - step; at <= last; at += step) {
    crc =
      fold(crc ^ view.getInt32(at, true), 12) ^
      fold(view.getInt32(at + 4, true), 8) ^
      fold(view.getInt32(at + 8, true), 4) ^
      fold(view.getInt32(at + 12, true), 0);
  }
  for (; at < end; at += 1) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
