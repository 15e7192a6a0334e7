import type { NewFunction } from './options.ts';

/** functions/<name>/definition.ts: a handler that works on any message of this pipeline, to be made one's own. */
export function definitionText(spec: NewFunction): string {
  const { name, identifier, typeName, source, output, deadLetters, group, order, batch, park } = spec;
  const orders = order === 'key' ? 'in order of key' : 'in order of partition';
  return `${batch ? batchHead : recordHead}
import { decode${typeName}Message, type ${typeName}Message } from './decode.ts';

/**
 * Turns a record of \`${source}\` into one of \`${output}\`, one for one and ${orders}.
 * It keeps no state and waits for nothing: the same input gives the same bytes.
 *
 * A value that is not UTF-8 JSON (\`DECODE_FAILED\`) or not what \`decode.ts\` expects (\`CONTRACT_VIOLATED\`) is a dead
 * letter at once${park ? ', and its key waits until it is redriven' : ''}. What may succeed later throws RetryableError; what every record needs and is away, DependencyDownError.
 */
export const ${identifier}: ${batch ? 'BatchFunction' : 'RecordFunction'} = {
  name: '${name}',
  source: '${source}',
  group: '${group}',
  output: '${output}',
${spec.outputPartitions ? `  outputPartitions: '${spec.outputPartitions}',\n` : ''}  deadLetters: '${deadLetters}',
  order: '${order}',
${park ? '  park: true,\n' : ''}  retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5000 },
  ${batch ? 'handleBatch: (records) => records.map(resultOf)' : `handle: (record) => outputOf(decode${typeName}Message(record.value))`},
};

/** The output of a message: the place for your own work. Key and partition stay the input's. */
function outputOf({ symbolId, symbol }: ${typeName}Message): Output {
  return { value: JSON.stringify({ symbol_id: symbolId, symbol }) };
}
${batch ? batchResult(typeName) : ''}`;
}

const recordHead = "import type { Output, RecordFunction } from '../runtime/contract.ts';";
const batchHead = `import type { BatchFunction, BatchResult, InboundRecord, Output } from '../runtime/contract.ts';
import { BadInputError } from '../runtime/errors.ts';`;

const batchResult = (typeName: string): string => `
/** One result a record. A bad record fails alone; any other error is about all of them, and thrown. */
function resultOf({ value }: InboundRecord): BatchResult {
  try {
    return outputOf(decode${typeName}Message(value));
  } catch (error) {
    if (error instanceof BadInputError) return error;
    throw error;
  }
}
`;

/** functions/<name>/decode.ts: bytes to what the handler uses. */
export function decodeText({ typeName }: NewFunction): string {
  return `import { isUtf8 } from 'node:buffer';
import { BadInputError, messageOf } from '../runtime/errors.ts';

/** What the function uses of a message. */
export interface ${typeName}Message {
  readonly symbolId: number;
  readonly symbol: string;
}

/**
 * Decodes the value of a record and checks the fields that the function uses. Others are not looked at.
 * @throws BadInputError \`DECODE_FAILED\` when it is not UTF-8 JSON, \`CONTRACT_VIOLATED\` when a field is wrong.
 */
export function decode${typeName}Message(value: Buffer | null): ${typeName}Message {
  const message = parseJson(value);
  if (typeof message !== 'object' || message === null) throw violation('message', 'an object');
  const { symbol_id: symbolId, symbol } = message as Readonly<Record<string, unknown>>;
  if (typeof symbolId !== 'number' || !Number.isSafeInteger(symbolId) || symbolId < 0) {
    throw violation('symbol_id', 'an integer of 0 or above');
  }
  if (typeof symbol !== 'string' || symbol === '') throw violation('symbol', 'text that is not empty');
  return { symbolId, symbol };
}

/** Wrong bytes must be found first: decoding would replace them without a word. */
function parseJson(value: Buffer | null): unknown {
  if (value === null || value.length === 0) throw new BadInputError('DECODE_FAILED', 'expected JSON, got no value');
  if (!isUtf8(value)) throw new BadInputError('DECODE_FAILED', 'expected UTF-8, got bytes that are not');
  try {
    return JSON.parse(value.toString());
  } catch (error) {
    throw new BadInputError('DECODE_FAILED', \`expected JSON: \${messageOf(error)}\`, error);
  }
}

function violation(path: string, expected: string): BadInputError {
  return new BadInputError('CONTRACT_VIOLATED', \`\${path}: expected \${expected}\`);
}
`;
}

/** test/unit/<name>/<name>.test.ts */
export function testText({ name, identifier, source, park }: NewFunction): string {
  return `import { expect, test } from 'vitest';
import { ${identifier} } from '../../../functions/${name}/definition.ts';
import { invoke } from '../../../functions/runtime/invoke.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';

test('a message leads to an output under its key', async () => {
  const value = '{"symbol_id":13,"symbol":"NIFTY"}';
  const { outputs } = await invoke(${identifier}, [createRecord({ topic: '${source}', key: '13', value })]);
  expect(outputs.map(({ key, value }) => [String(key), String(value)])).toEqual([['13', value]]);
});

test.each([
  ['no JSON', 'DECODE_FAILED'],
  ['{"symbol":"NIFTY"}', 'CONTRACT_VIOLATED'],
  ['{"symbol_id":13,"symbol":""}', 'CONTRACT_VIOLATED'],
])('%s is a dead letter: %s', async (value, code) => {
  const { deadLetters } = await invoke(${identifier}, [createRecord({ topic: '${source}', value })]);
  expect(deadLetters.map(({ headers }) => String(headers['error.code']))).toEqual([code]);
});
${park ? parkedTest(identifier, source) : ''}`;
}

const parkedTest = (identifier: string, source: string): string => `
test('behind a dead record its key waits, and others go on', async () => {
  const value = '{"symbol_id":13,"symbol":"NIFTY"}';
  const records = [
    createRecord({ topic: '${source}', offset: 0, key: '13', value: 'no JSON' }),
    createRecord({ topic: '${source}', offset: 1, key: '13', value }),
    createRecord({ topic: '${source}', offset: 2, key: '14', value }),
  ];
  const { outputs, deadLetters } = await invoke(${identifier}, records);
  expect(outputs.map(({ key }) => String(key))).toEqual(['14']);
  const codes = deadLetters.map(({ headers }) => String(headers['error.code']));
  expect(codes).toEqual(['DECODE_FAILED', 'KEY_PARKED']);
});
`;
