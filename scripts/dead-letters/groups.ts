import { fileURLToPath } from 'node:url';
import type { Target } from '../doctor/target.ts';
import { findFunction } from '../repro/find-function.ts';
import { CommandError } from '../support/command.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { committedGroups } from '../topics/guard/groups.ts';
import { topicsOf } from './outcomes.ts';
import type { RedrivePlan } from './plan.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Says which group a function's records are handled by: the one that was named, or that of the function, or,
 * for a function that is not of this tree, the one that the settings name.
 */
export async function groupsByFunction(
  functions: ReadonlySet<string>,
  named: string | undefined,
  target: Target,
): Promise<(functionName: string) => string> {
  if (named !== undefined) return () => named;
  const groups = new Map<string, string>();
  for (const name of functions) groups.set(name, await groupOf(name, target.groupId));
  return (name) => groups.get(name) ?? target.groupId;
}

async function groupOf(functionName: string, fallback: string): Promise<string> {
  try {
    return (await findFunction(root, functionName)).definition.group;
  } catch (error) {
    if (error instanceof CommandError) return fallback;
    throw error;
  }
}

/** The groups that have committed offsets of the topics that a plan goes to, by topic: all of them get the records. */
export async function readersOf(
  target: Target,
  cluster: AnsweringCluster,
  { targets }: RedrivePlan,
): Promise<Map<string, readonly string[]>> {
  const topics = await topicsOf(
    target,
    cluster,
    targets.map(({ topic }) => topic),
  );
  const readers = new Map<string, readonly string[]>();
  for (const [name, topic] of topics) {
    const { groups } = await committedGroups(topic, cluster.nodes);
    readers.set(
      name,
      groups.map(({ groupId }) => groupId),
    );
  }
  return readers;
}
