import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { sharesOf } from '../support/pipeline.ts';
import { startStorageRun } from '../support/storage-run.ts';

test('kill -9 of one of two under load: each snapshot is stored once, with every bit, and bad ones are dead letters', async () => {
  const run = await startStorageRun(300);
  const [victim, other] = run.instances;
  await sleep(2_000);
  await victim.kill();
  await sharesOf([other], 12);
  await run.settle([other]);
});
