import { dirname, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CommandError } from '../support/command.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { FoundFunction } from './find-function.ts';
import { commentText, literal } from './inert.ts';

/** Larger values are compressed in the file: JSON becomes a tenth. */
const plainBytes = 16_384;
/** The formatter and the linter look at no larger file. */
const mostCharacters = 1_000_000;
const lineLength = 100;

/** Where the test of a dead letter goes when nobody says otherwise: to those of its function. */
export function defaultPath({ functionName, record: { topic, partition, offset } }: DeadLetter): string {
  return `test/unit/${functionName}/dead-letter-${topic}-${partition}-${offset}.test.ts`;
}

/**
 * The test that replays a dead letter.
 * @param path where it will lie, from the root of the repository
 * @throws CommandError when the record is too large for a file that anyone reads
 */
export function testText(letter: DeadLetter, found: FoundFunction, path: string): string {
  const { at, code, message, record } = letter;
  const { definition, exportName } = found;
  const up = relative(dirname(path), '.').replaceAll('\\', '/');
  const from = (file: string): string => `${up === '' ? '.' : up}/${file}`;
  const compressed = (record.value?.length ?? 0) > plainBytes;
  const exhausted = code === 'RETRIES_EXHAUSTED';
  const where = `${record.topic}/${record.partition}/${record.offset}`;
  const text = `// The record ${where}, replayed as it died: dead letter ${at.topic}/${at.partition}/${at.offset}.
//
// As written this asserts what happened, so it passes now and turns red as soon as the bug is mended (or the message is
// worded otherwise). Then take the second expectation in place of the first: from there on it holds that the record is
// handled. Where the record was refused rightly, it may stay as it is, or go.
//
// No server is needed. The bytes are a real record's: see that they may be kept before this is committed.
${compressed ? "import { gunzipSync } from 'node:zlib';\n" : ''}import { expect, test } from 'vitest';
import { ${exportName} } from '${from(found.path)}';
import { invoke } from '${from('functions/runtime/invoke.ts')}';
import { createRecord } from '${from('functions/runtime/testing.ts')}';

const record = createRecord({
  topic: '${record.topic}',
  partition: ${record.partition},
  offset: ${record.offset},
  timestamp: ${record.timestamp},
  // The key: ${readable(record.key)}
  key: ${bytes(record.key)},
  // The value: ${readable(record.value)}
  value: ${compressed && record.value ? `gunzipSync(${bytes(gzipSync(record.value))})` : bytes(record.value)},
${headersText(record.headers)}});
${exhausted ? `\n// Its retries, without their waits.\nconst hasty = { ...${exportName}, retry: { ...${exportName}.retry, initialDelayMs: 1, maxDelayMs: 1 } };\n` : ''}
test('the record ${where}', async () => {
${definition.setup ? '  // Its setup gets this environment. Give { resources } in place of it for what needs a server.\n' : ''}  const result = await invoke(${exhausted ? 'hasty' : exportName}, [record]${definition.setup ? ', { env: {} }' : ''});

  // What happened:
  const died = result.deadLetters.map(({ headers }) => [\`\${headers['error.code']}\`, \`\${headers['error.message']}\`]);
  expect(died).toEqual([['${code}', ${literal(message)}]]);
  // What is to happen, once it is mended:
  // expect({ died, undone: result.undone }).toEqual({ died: [], undone: [] });
});
`;
  if (text.length <= mostCharacters) return text;
  throw new CommandError(
    `${at.topic}/${at.partition}/${at.offset} is too large for a test file: ${text.length} characters, and ` +
      `${mostCharacters} at most`,
  );
}

function headersText(headers: DeadLetter['record']['headers']): string {
  const entries = Object.entries(headers).map(([name, value]) => {
    const list = Array.isArray(value) ? `[${value.map((one: Buffer | null) => bytes(one)).join(', ')}]` : undefined;
    return `    // ${commentText(`A header: ${name}`)}\n    [${literal(name)}, ${list ?? bytes(value as Buffer | null)}],\n`;
  });
  // By entries, since a name such as __proto__ would be no field of a literal.
  return entries.length === 0 ? '' : `  headers: Object.fromEntries([\n${entries.join('')}  ]),\n`;
}

/** Bytes that are exactly these, in lines of base64, between which the decoder passes over the space. */
function bytes(value: Buffer | null): string {
  if (value === null) return 'null';
  const base64 = value.toString('base64');
  if (base64.length <= lineLength) return `Buffer.from('${base64}', 'base64')`;
  const lines = base64.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? [];
  return `Buffer.from(\`\n    ${lines.join('\n    ')}\n  \`, 'base64')`;
}

function readable(value: Buffer | null): string {
  if (value === null) return 'there is none';
  const size = `${value.length} bytes`;
  return value.length === 0 ? 'empty' : `${size}, ${commentText(value.toString('utf8', 0, 1_024))}`;
}
