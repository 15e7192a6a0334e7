import { expect, test } from 'vitest';
import { killed } from '../support/storage-proofs.ts';
import { startStorageRun } from '../support/storage-run.ts';

test('kill -9 of one of two under load: each snapshot is stored once, with every bit, and bad ones are dead letters', async () => {
  const run = await startStorageRun(300);
  expect(await run.settle(await killed.harm(run, 0))).toEqual([]);
});
