/** A header's name and value: text, bytes that need not be UTF-8, or a value that is null. */
export type TestHeader = readonly [name: string | Buffer, value: string | Buffer | null];

/**
 * The bytes of a record's key, value and headers, as https://kafka.apache.org/documentation/#record lays them out: written
 * here once more, to share nothing with what is tested.
 */
export function bodyOf(
  key: string | Buffer | null,
  value: string | Buffer | null,
  headers: readonly TestHeader[],
): Buffer {
  const parts = [sized(key), sized(value), zigzag(headers.length)];
  for (const [name, held] of headers) parts.push(sized(name), sized(held));
  return Buffer.concat(parts);
}

function sized(bytes: string | Buffer | null): Buffer {
  if (bytes === null) return zigzag(-1);
  const held = Buffer.from(bytes as string); // a copy, of bytes as well
  return Buffer.concat([zigzag(held.length), held]);
}

function zigzag(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value) < 0n ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** What the runtime adds to a record that died. */
export function envelopeOf(
  source: { topic: string; partition: number; offset: number; timestamp: number },
  { code = 'CONTRACT_VIOLATED', message = 'options[0].strike: expected above 0, found -1', name = 'processor' } = {},
): TestHeader[] {
  const values = { code, message, function: name, attempts: '1', ...source };
  return Object.entries(values).map(([field, value]) => [`error.${field}`, String(value)]);
}
