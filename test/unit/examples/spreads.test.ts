import { expect, test } from 'vitest';
import { invoke } from '../../../functions/runtime/invoke.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { spreads } from './spreads.ts';

test('a quote becomes a spread, a crossed one a dead letter', async () => {
  const values = ['{"bid":10,"ask":12}', '{"bid":12,"ask":10}'];
  const records = values.map((value, offset) => createRecord({ offset, value }));
  const { outputs, deadLetters } = await invoke(spreads, records);
  expect(outputs.map(({ value }) => String(value))).toEqual(['{"spread":2}']);
  expect(deadLetters.map(({ headers }) => String(headers['error.code']))).toEqual(['CONTRACT_VIOLATED']);
});
