/** DER (ITU-T X.690), as much of it as a certificate takes. Each function gives one whole element: tag, length, content. */

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

export const sequence = (...items: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(items));
export const set = (...items: readonly Buffer[]): Buffer => element(0x31, Buffer.concat(items));
export const octets = (content: Buffer): Buffer => element(0x04, content);
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));
/** Bits that fill whole bytes, but for the given count at the end. */
export const bits = (content: Buffer, unused = 0): Buffer =>
  element(0x03, Buffer.concat([Buffer.from([unused]), content]));
/** A context tag in front of a whole element. */
export const explicit = (tag: number, content: Buffer): Buffer => element(0xa0 | tag, content);
/** A context tag in place of an element's own. */
export const implicit = (tag: number, content: Uint8Array): Buffer => element(0x80 | tag, content);

/** A whole number that is not negative, by its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const least = first === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  // A first bit that is set would make it negative.
  return element(0x02, (least[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), least]) : least);
}

/** An object identifier such as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const septets = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return element(0x06, Buffer.from(bytes));
}

/** A time to the second; from 2050 on in the long form, as X.509 wants it. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return at.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : element(0x18, Buffer.from(`${digits}Z`));
}
