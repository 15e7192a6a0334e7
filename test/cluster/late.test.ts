import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { dropMembers } from '../conformance/hosts/group.ts';
import { assertClean } from '../support/ledger/format.ts';
import { createPipeline } from '../support/pipeline.ts';
import { parseMetrics, total } from './prometheus.ts';

test('what was stored and not committed when the group dropped its member is told, counted, and done once more', async () => {
  const count = 120;
  const pipeline = await createPipeline({ partitions: 6, env: { KAFKA_COMMIT_INTERVAL_MS: '60000' } });
  const [instance] = await pipeline.startAll(1);
  if (!instance) throw new Error('no instance');
  const metric = async (name: string) => total(parseMetrics(await (await instance.get('/metrics')).text()), name);
  const writer = await pipeline.write({ rate: 300, keys: 30, count });
  await writer.done;
  await expect.poll(() => metric('hft_records_out_total'), { timeout: 20_000 }).toBe(count);
  await sleep(100); // the last answers of the brokers
  expect(await metric('hft_records_late_total')).toBe(0);

  await dropMembers(pipeline);
  await instance.line('Partitions lost');
  const lost = instance.lines.find(({ msg }) => msg.startsWith('Partitions lost'));
  expect(lost).toMatchObject({ count: 6, uncommitted: count });
  expect(await metric('hft_records_late_total')).toBe(count);
  await expect.poll(() => metric('hft_records_out_total'), { timeout: 30_000 }).toBe(2 * count);
  expect(await instance.stop()).toEqual({ code: 0, signal: null }); // with a commit
  assertClean(await pipeline.verdict(), { allowDuplicates: count, allowUncommitted: 0 });
});
