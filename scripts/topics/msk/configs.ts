/** A topic's settings as the service takes them: JSON in Base64. */
export function encodeConfigs(configs: ReadonlyMap<string, string>): string {
  return Buffer.from(JSON.stringify(Object.fromEntries(configs))).toString('base64');
}

/**
 * A topic's settings as the service answers them, or undefined when it is neither form that it is known to use: JSON, as
 * it takes them, or lines of `name=value`, as in the examples of its developer guide.
 */
export function decodeConfigs(encoded: string | undefined): ReadonlyMap<string, string> | undefined {
  const text = Buffer.from(encoded ?? '', 'base64')
    .toString()
    .trim();
  return text.startsWith('{') ? fromJson(text) : fromLines(text);
}

function fromJson(text: string): ReadonlyMap<string, string> | undefined {
  try {
    const entries = Object.entries(JSON.parse(text) as object); // starts with a brace
    return new Map(entries.map(([name, value]) => [name, String(value)]));
  } catch {
    return undefined;
  }
}

function fromLines(text: string): ReadonlyMap<string, string> | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (!lines.every((line) => /^[\w.]+=/.test(line.trim()))) return undefined;
  return new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.trim().split('=');
      return [name, value.join('=')];
    }),
  );
}
