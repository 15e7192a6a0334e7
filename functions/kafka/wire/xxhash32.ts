/** xxHash32 without a seed: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Node has none. */
const [prime1, prime2, prime3, prime4, prime5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const;

const turn = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const step = (lane: number, word: number): number => Math.imul(turn(lane + Math.imul(word, prime2), 13), prime1);

export function xxHash32(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let hash: number = prime5;
  if (end - at >= 16) {
    let [a, b, c, d] = [(prime1 + prime2) | 0, prime2 | 0, 0, -prime1 | 0];
    for (; at + 16 <= end; at += 16) {
      a = step(a, bytes.readInt32LE(at));
      b = step(b, bytes.readInt32LE(at + 4));
      c = step(c, bytes.readInt32LE(at + 8));
      d = step(d, bytes.readInt32LE(at + 12));
    }
    hash = turn(a, 1) + turn(b, 7) + turn(c, 12) + turn(d, 18);
  }
  hash += end - start;
  for (; at + 4 <= end; at += 4) hash = Math.imul(turn(hash + Math.imul(bytes.readInt32LE(at), prime3), 17), prime4);
  for (; at < end; at += 1) hash = Math.imul(turn(hash + Math.imul(bytes[at] as number, prime5), 11), prime1); // below the end
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
