import { inject } from 'vitest';
import { type BrokerConnection, openBroker } from '../../../scripts/support/kafka/broker.ts';
import { describeGroup, type GroupFacts } from '../../../scripts/support/kafka/group-facts.ts';
import { ledgerClient } from '../../support/ledger/client.ts';
import { readCommitHistory } from '../../support/ledger/commit-history.ts';
import type { Pipeline } from '../../support/pipeline.ts';

/** The next offset of each partition, as its group would get it now. */
export async function positionsOf({ groupId, topics }: Pipeline, partitions: number): Promise<number[]> {
  const admin = ledgerClient(inject('bootstrapServers')).admin();
  await admin.connect();
  try {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topics.source] });
    const committed = new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return Array.from({ length: partitions }, (_, partition) => Math.max(0, committed.get(partition) ?? 0));
  } finally {
    await admin.disconnect();
  }
}

/** The first offset that was ever committed of each partition; 0 where none was. */
export async function firstCommits({ groupId, topics }: Pipeline, partitions: number): Promise<number[]> {
  const bootstrapServers = inject('bootstrapServers');
  const history = await readCommitHistory({ bootstrapServers, groupId, topic: topics.source });
  return Array.from(
    { length: partitions },
    (_, partition) => history.find((commit) => commit.partition === partition)?.offset ?? 0,
  );
}

/** The state of the group, in Kafka's words. */
export function groupState(pipeline: Pipeline): Promise<string> {
  return atCoordinator(pipeline, async (_coordinator, { state }) => state);
}

/** Takes all members out of the group, as the coordinator does when their sessions expire. They are not asked. */
export function dropMembers(pipeline: Pipeline): Promise<void> {
  return atCoordinator(pipeline, async (coordinator, { groupId, members }) => {
    for (const { memberId } of members) await coordinator.ask('LeaveGroup', { groupId, memberId });
  });
}

async function atCoordinator<Result>(
  { groupId }: Pipeline,
  use: (coordinator: BrokerConnection, group: GroupFacts) => Promise<Result>,
): Promise<Result> {
  const [address = ''] = inject('bootstrapServers');
  const any = await openBroker(address, {});
  try {
    const { coordinator: found } = await any.ask('GroupCoordinator', { groupId });
    const coordinator = await openBroker(`${found.host}:${found.port}`, {});
    try {
      return await use(coordinator, await describeGroup(coordinator, found.nodeId, groupId));
    } finally {
      await coordinator.close();
    }
  } finally {
    await any.close();
  }
}
