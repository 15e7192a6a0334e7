import { expect, test } from 'vitest';
import { certain, until } from '../../../scripts/topics/msk/patience.ts';

const patience = { firstMs: 1, mostMs: 2, timeoutMs: 1_000 };

test('a change counts when it shows so many times in a row: an old answer may follow a new one', async () => {
  const answers = ['old', 'new', 'old', 'new', 'new', 'later'];
  const look = async () => answers.shift() ?? '';
  const isNew = (seen: string) => seen === 'new';
  expect(await until(patience, look, isNew, String, certain)).toBe('new');
  expect(answers).toEqual(['later']);
});

test('patience ends with the topic and its state', async () => {
  const look = async () => 'CREATING';
  const ended = until(
    { ...patience, timeoutMs: 10 },
    look,
    () => false,
    (seen) => `quotes is still ${seen}`,
  );
  await expect(ended).rejects.toThrow(/^topic quotes is still CREATING after \d+ ms: run the same command again later/);
});
