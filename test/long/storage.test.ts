import { expect, test } from 'vitest';
import { proofs, rate } from '../support/storage-proofs.ts';
import { startStorageRun } from '../support/storage-run.ts';

const timeout = 300_000;

test.each(proofs)('storage: $name', { timeout }, async ({ harm }) => {
  const run = await startStorageRun(rate);
  const instances = await harm(run, 60_000);
  expect(await run.settle(instances, 120_000)).toEqual([]);
});
