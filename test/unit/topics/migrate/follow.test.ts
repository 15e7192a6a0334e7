import { afterEach, expect, test, vi } from 'vitest';
import type { BrokerConnection } from '../../../../scripts/support/kafka/broker.ts';
import { closing } from '../../../../scripts/topics/migrate/command.ts';
import type { Copy } from '../../../../scripts/topics/migrate/copy.ts';
import { awaitQuiet, type Following } from '../../../../scripts/topics/migrate/follow.ts';
import { migrateOptions } from '../../../../scripts/topics/migrate/options.ts';
import { createFakeBroker } from './fake-broker.ts';

afterEach(() => vi.useRealTimers());

/** A broker with a group that has a member, and nothing else to tell. */
function busyGroup(): BrokerConnection {
  const [log] = createFakeBroker().nodes.values();
  const member = { memberId: 'm', clientId: 'instance', clientHost: '/10.0.0.1' };
  const bytes = { memberMetadata: Buffer.alloc(0), memberAssignment: Buffer.alloc(0) };
  const group = { errorCode: 0, state: 'Stable', protocolType: 'consumer', protocol: 'x' };
  const answers: Record<string, unknown> = {
    GroupCoordinator: { errorCode: 0, coordinator: { nodeId: 1 } },
    DescribeGroups: { groups: [{ ...group, members: [{ ...member, ...bytes }] }] },
    OffsetFetch: { errorCode: 0, responses: [] },
  };
  const ask = async (name: string, args: never) => answers[name] ?? log?.ask(name as 'ListOffsets', args);
  return { ask } as unknown as BrokerConnection; // what is asked here
}

test('while it waits for the instances, a checkpoint is kept each second', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const flags = { topic: 'a', to: 'b', partitions: '4', group: ['g'], 'cut-over': true, wait: '10s', quiet: '1s' };
  const copy: Partial<Copy> = {
    round: async () => {
      vi.setSystemTime(Date.now() + 100);
      return 0;
    },
    behind: () => 0,
  };
  const keptAt: number[] = [];
  const startedAt = Date.now();
  const work = {
    options: migrateOptions(flags, []),
    tell: () => undefined,
    cluster: { nodes: new Map([[1, busyGroup()]]) },
    old: createFakeBroker().topic('a', 2),
    copy,
    keep: async () => void keptAt.push(Date.now() - startedAt),
  } as unknown as Following; // as much as waiting takes
  await expect(awaitQuiet(work)).rejects.toThrow(/not cut over within 10 s.*group g is Stable/);
  expect(keptAt.slice(0, 9)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
});

test('in the end a person is told of every place that names the old topic, and of the output', () => {
  const done = { written: 0, copied: 9, resumed: 0, behind: 0, groups: [], remarks: [] };
  const text = closing({ ...done, from: 'a', to: 'b', partitions: 120, phase: 'finished' });
  for (const place of ['infra/topics.ts', 'infra/scaling.ts', 'infra/serverless/topics.ts', 'source of its definition'])
    expect(text).toContain(place);
  expect(text).toMatch(/a new topic of 120 as well \(OUTPUT_TOPIC\), or outputPartitions: 'divides'/);
});
