import { CommandError } from '../../support/command.ts';
import { type BrokerConnection, errorName } from '../../support/kafka/broker.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { commitForEmptyGroup } from '../../support/kafka/commit.ts';
import { AwayError, isCoordinatorAway } from '../../support/kafka/group-look.ts';

/**
 * How far a copy is in one old partition. The brokers keep it, as a commit of a group of this migration's own: it is
 * there wherever the copy is taken up again.
 */
export interface Checkpoint {
  /** All records before this offset that were to be copied are copied, and acknowledged. */
  readonly next: number;
  /** How many, by the new partition. */
  readonly copied: ReadonlyMap<number, number>;
}

/** How the groups of migrations begin. */
export const checkpointPrefix = 'hft-migrate.';

/** The group whose commits are the checkpoints. It never has members. */
export function checkpointGroup(from: string, to: string): string {
  return `${checkpointPrefix}${from}.${to}`;
}

/** Keeps checkpoints, by the old partition. */
export async function saveCheckpoints(
  coordinator: BrokerConnection,
  groupId: string,
  topic: string,
  checkpoints: ReadonlyMap<number, Checkpoint>,
): Promise<void> {
  const commits = new Map(
    [...checkpoints].map(([partition, { next, copied }]) => [
      partition,
      { offset: next, metadata: JSON.stringify(Object.fromEntries(copied)) },
    ]),
  );
  await commitForEmptyGroup(coordinator, groupId, topic, commits);
}

/** Reads what was kept; empty when this migration never began. */
export async function readCheckpoints(
  coordinator: BrokerConnection,
  groupId: string,
  topic: TopicFacts,
): Promise<Map<number, Checkpoint>> {
  const { errorCode, responses } = await coordinator.ask('OffsetFetch', {
    groupId,
    topics: [{ topic: topic.name, partitions: topic.partitions.map(({ partition }) => ({ partition })) }],
  });
  const partitions = responses.flatMap((response) => response.partitions);
  const refused = errorName(errorCode) ?? errorName(partitions.find((one) => one.errorCode)?.errorCode);
  if (refused !== undefined) {
    const kind = isCoordinatorAway(refused) ? AwayError : CommandError;
    throw new kind(`the brokers do not tell how far the copy is: ${refused}`);
  }
  const found = new Map<number, Checkpoint>();
  for (const { partition, offset, metadata } of partitions) {
    if (Number(offset) >= 0) found.set(partition, { next: Number(offset), copied: parseCopied(groupId, metadata) });
  }
  return found;
}

function parseCopied(groupId: string, metadata: string): Map<number, number> {
  try {
    const counts = Object.entries(JSON.parse(metadata) as Record<string, unknown>);
    const copied = new Map(counts.map(([partition, count]) => [Number(partition), Number(count)]));
    if ([...copied].flat().every((number) => Number.isSafeInteger(number) && number >= 0)) return copied;
  } catch {
    // Said below.
  }
  throw new CommandError(
    `the commits of ${groupId} are not what a migration keeps there: delete that group and the new topic, and begin again`,
  );
}
