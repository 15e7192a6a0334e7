import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { assertClean } from '../support/ledger/format.ts';
import { createPipeline, sharesOf } from '../support/pipeline.ts';

const drainDeadlineMs = 10_000;

test('4 -> 6 -> 2 instances under load: even shares, nothing doubled, everything committed', async () => {
  const pipeline = await createPipeline({ partitions: 60, deadLetterPartitions: 12 });
  const first = await pipeline.startAll(4);
  const writer = await pipeline.write({ rate: 300, keys: 240, poison: { share: 0.02 } });
  await sleep(1_000);

  const joined = [pipeline.start(), pipeline.start()];
  const six = [...first, ...joined];
  await sharesOf(six, 60);
  expect(six.map(({ assigned }) => assigned?.length)).toEqual([10, 10, 10, 10, 10, 10]);
  await sleep(500);

  const leavingAtMs = Date.now();
  const exits = await Promise.all(first.map((instance) => instance.stop()));
  expect(exits).toEqual(first.map(() => ({ code: 0, signal: null })));
  expect(Date.now() - leavingAtMs).toBeLessThan(drainDeadlineMs);
  for (const { lines } of first) {
    const drained = lines.findLast(({ msg }) => msg.startsWith('Drain'));
    expect(drained).toMatchObject({ finished: true, committed: true });
  }
  await sharesOf(joined, 60);
  expect(joined.map(({ assigned }) => assigned?.length)).toEqual([30, 30]);

  await sleep(500);
  await writer.stop();
  await pipeline.committed();
  expect(await Promise.all(joined.map((instance) => instance.stop()))).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  assertClean(await pipeline.verdict(), { allowDuplicates: 0, allowUncommitted: 0 });
});
