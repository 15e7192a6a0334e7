import { expect, test } from 'vitest';
import { createStuckPartitions } from '../../../functions/hosts/container/stuck.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

test('a partition that stands still is said once, however often it is tried, and told until it is read again', () => {
  const log = createRecordingLogger();
  const { lines } = log;
  const stuck = createStuckPartitions('market.raw', log);
  const trouble = { partition: 3, offset: 17, error: 'compressed with codec 5', retryInMs: 1_000 };
  stuck.add(trouble);
  stuck.add({ ...trouble, retryInMs: 2_000 });
  expect(lines).toMatchObject([
    { level: 'error', fields: { topic: 'market.raw', ...trouble }, message: expect.stringContaining('Partition 3') },
  ]);
  expect(stuck.reasons()).toEqual(['partition 3 stands still at offset 17: compressed with codec 5']);
  stuck.add({ ...trouble, offset: 18 });
  expect([lines.length, stuck.count]).toEqual([2, 1]);
  stuck.delete(3);
  stuck.delete(4);
  expect([stuck.count, stuck.reasons(), lines.at(-1)?.level, lines.length]).toEqual([0, [], 'info', 3]);
});
