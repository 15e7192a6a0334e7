import { CommandError } from '../support/command.ts';
import { insist, type Tell } from '../support/insist.ts';
import { describeGroup } from '../support/kafka/group-facts.ts';
import { type AnsweringCluster, coordinatorOf } from '../support/kafka/group-look.ts';
import { printable, some } from '../support/words.ts';
import { groupsToStop } from './groups.ts';
import { lookAtAll, withDeadLetters } from './look.ts';
import type { DeadLettersOptions } from './options.ts';
import { earlierThings } from './outdated.ts';
import { releasable, spentRequests } from './parked.ts';
import { orderOfKeys } from './parked-topic.ts';
import { clearNotes, requestReleases } from './parked-write.ts';
import type { Report } from './report.ts';
import { lines } from './text.ts';
import { planJson, planLines, planUnpark, type UnparkPlan, waitingOf } from './unpark-plan.ts';

/**
 * Lets keys go that nothing waits of, and forgets what is noted of topics that are gone or were made again; or of any key, when
 * that is asked for.
 * @throws CommandError when a function whose notes would be forgotten runs: an instance has them in memory
 */
export async function unpark(
  { target, filter, group, isGroupGiven, apply, forget: forced }: DeadLettersOptions,
  tell: Tell,
): Promise<Report> {
  return await insist(
    () =>
      withDeadLetters(target, async (cluster, topic) => {
        const look = await lookAtAll(target, cluster, topic, filter.key);
        if (look.parked === undefined)
          throw new CommandError(`no function with dead letters in ${topic.name} parks keys`);
        const earlier = await earlierThings(target, cluster, look);
        const { isOpen, isCommitted } = await orderOfKeys(target, cluster, look, group, earlier);
        const free = releasable(look.parked, look.letters, isOpen, isCommitted);
        const plan = planUnpark(look, filter, earlier.outdated, free, forced);
        if (apply && plan.forget.length > 0) {
          const functions = new Set(plan.forget.map(({ functionName }) => functionName));
          for (const groupId of await groupsToStop(functions, group, isGroupGiven))
            await refuseActive(cluster, groupId);
          await clearNotes(cluster, topic.name, plan.forget);
        }
        if (apply) {
          await requestReleases(cluster, topic.name, plan.release);
          await clearNotes(cluster, topic.name, spentRequests(look.notes, look.parked));
        }
        const text = lines([...planLines(plan, waitingOf(plan.forget, look), apply), ...endLines(plan, apply)]);
        return { text, json: { ...planJson(plan), applied: apply }, done: true };
      }),
    tell,
  );
}

function endLines({ forget, release }: UnparkPlan, applied: boolean): string[] {
  const nothing = forget.length + release.length === 0;
  if (applied) return nothing ? ['Nothing to do.'] : [];
  return [`Nothing was changed.${nothing ? '' : ' Add --apply to do it.'}`];
}

async function refuseActive(cluster: AnsweringCluster, groupId: string): Promise<void> {
  const { coordinator, coordinatorId } = await coordinatorOf(cluster, groupId);
  const { members, state } = await describeGroup(coordinator, coordinatorId, groupId);
  if (members.length === 0 && (state === 'Empty' || state === 'Dead')) return;
  const who = members.map(({ clientId, host }) => printable(`${clientId} on ${host}`));
  throw new CommandError(
    `group ${groupId} is ${state} (${who.length === 0 ? 'no members' : some(who)}): stop its instances, or disable its mapping, first. One that runs has its notes in memory, and would write them again. Nothing was changed`,
  );
}
