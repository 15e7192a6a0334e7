/**
 * The hash of a key that Kafka's default partitioner uses (murmur2, made positive), so that a record lands where a Java
 * producer would put it: partition = hash % partitions.
 */
export function partitionHash(key: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = key.length;
  const whole = length & ~3;
  const byte = (index: number) => key[index] ?? 0;
  let h = 0x9747b28c ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24), m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  if (length > whole) {
    h ^= byte(whole) | (byte(whole + 1) << 8) | (byte(whole + 2) << 16);
    h = Math.imul(h, m);
  }
  h = Math.imul(h ^ (h >>> 13), m);
  return (h ^ (h >>> 15)) & 0x7fffffff;
}
