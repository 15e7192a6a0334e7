import { expect, test } from 'vitest';
import { proofs, rate } from '../support/storage-proofs.ts';
import { startStorageRun } from '../support/storage-run.ts';

// Who guards the proofs: each of them, with storage that has the bug which it is there to find.

const timeout = 300_000;

test.each(proofs)('is told with its bug in storage: $name', { timeout }, async ({ harm, bug, told }) => {
  const run = await startStorageRun(rate, bug);
  const instances = await harm(run, 5_000);
  expect(await run.settle(instances, 120_000)).toContainEqual(expect.stringMatching(told));
});
