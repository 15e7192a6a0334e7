import { expect, inject, test } from 'vitest';
import { addStranger } from '../../scripts/faults/add-stranger.ts';
import { createPipeline } from '../support/pipeline.ts';
import { parseMetrics, total } from './prometheus.ts';

test('a member that reads another topic and leads the group: told, counted, and over when it leaves', async () => {
  const pipeline = await createPipeline({ partitions: 6 });
  const { deadLetters } = pipeline.topics;
  const leave = await addStranger(inject('bootstrapServers'), pipeline.groupId, deadLetters);
  const instance = pipeline.start();
  const ready = async () => (await (await instance.get('/ready')).json()) as { status: string; reasons: string[] };
  await instance.line('The group is shared');
  await instance.line('Assigned partitions: [] (0)');
  await expect
    .poll(ready)
    .toMatchObject({ status: 'degraded', reasons: [expect.stringContaining(`read ${deadLetters}`)] });
  const metrics = parseMetrics(await (await instance.get('/metrics')).text());
  expect(total(metrics, 'hft_shared_assignments_total')).toBe(1);

  await leave();
  await expect.poll(() => instance.assigned?.length, { timeout: 30_000 }).toBe(6);
  await expect.poll(ready).toMatchObject({ status: 'ok', reasons: [] });
  expect(await instance.stop()).toEqual({ code: 0, signal: null });
});
