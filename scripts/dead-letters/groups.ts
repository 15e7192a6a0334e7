import { fileURLToPath } from 'node:url';
import { deployedFunctions } from '../../infra/serverless/functions.ts';
import type { Target } from '../doctor/target.ts';
import { findFunction } from '../repro/find-function.ts';
import { CommandError } from '../support/command.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { printable, some } from '../support/words.ts';
import { committedGroups } from '../topics/guard/groups.ts';
import { topicsOf } from './outcomes.ts';
import type { RedrivePlan } from './plan.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Says which group a function's records are handled by: the one that was named, or that of the function, or,
 * for a function that is not of this tree, the one that the settings name. A named group that is another function's is not
 * this one's: `KAFKA_GROUP_ID` is set for one function, and several may have their dead letters in one topic.
 */
export async function groupsByFunction(
  functions: ReadonlySet<string>,
  named: string | undefined,
  target: Target,
): Promise<(functionName: string) => string> {
  const handlers = await handlersOf(functions, named);
  return (name) => {
    const { named: given, own } = handlers.get(name) ?? {};
    return given ?? own ?? target.groupId;
  };
}

/** The groups that may handle a function's records. */
export interface Handlers {
  readonly named?: string | undefined;
  /** As its definition says; undefined: it is not of this tree. */
  readonly own?: string | undefined;
}

/** The groups that may handle the records of functions: nobody knows which of the two one is started with. */
export async function handlersOf(
  functions: ReadonlySet<string>,
  named: string | undefined,
): Promise<ReadonlyMap<string, Handlers>> {
  const owner = deployedFunctions.find(({ group }) => group === named)?.name;
  const handlers = new Map<string, Handlers>();
  for (const name of functions) {
    const own = await ownGroupOf(name);
    handlers.set(name, { own, named: owner === undefined || owner === name ? named : undefined });
  }
  return handlers;
}

/**
 * Why records up to an offset may not be handled yet; undefined: they are. Both groups have to be past it, but the function's
 * own only where it has been. `positionOf` is where a group is.
 */
export function heldUpBy(
  { named, own }: Handlers,
  positionOf: (group: string) => number | undefined,
  offset: number,
): string | undefined {
  const first = named ?? own;
  if (first === undefined) return 'its function is not of this tree, and its group not known: name it with --group';
  const also = own !== undefined && own !== first && positionOf(own) !== undefined ? [own] : [];
  const behind = [first, ...also].find((group) => (positionOf(group) ?? -1) <= offset);
  if (behind === undefined) return undefined;
  const rest = behind === named ? '' : first === behind ? ', or name the group with --group' : ` (${first} has)`;
  return `its group ${behind} has not committed past all records of its key that died or were redriven: run this again once it has${rest}`;
}

/**
 * The groups in which functions may run whose notes are to be forgotten: all have to be empty. `given`: the group that `--group`
 * names, and no setting.
 * @throws CommandError when it cannot be known in which group a function runs
 */
export async function groupsToStop(
  functions: ReadonlySet<string>,
  named: string | undefined,
  given: boolean,
): Promise<ReadonlySet<string>> {
  const groups = new Set(named === undefined ? [] : [named]);
  const foreign: string[] = [];
  for (const name of functions) {
    const own = await ownGroupOf(name);
    if (own === undefined) foreign.push(printable(name));
    else groups.add(own);
  }
  if (foreign.length > 1 || (foreign.length === 1 && !given)) {
    throw new CommandError(
      `${some(foreign)}: not of this tree, so that it is not known in which group ${foreign.length === 1 ? 'it runs' : 'each runs'}. Choose one with --function, and name its group with --group. Nothing was changed`,
    );
  }
  return groups;
}

async function ownGroupOf(functionName: string): Promise<string | undefined> {
  try {
    return (await findFunction(root, functionName)).definition.group;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
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
