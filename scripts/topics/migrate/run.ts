import type { TopicDeclaration } from '../../../infra/topics.ts';
import { CommandError } from '../../support/command.ts';
import { insist, type Tell } from '../../support/insist.ts';
import { type GroupLook, wholeTopic, withCluster } from '../../support/kafka/group-look.ts';
import type { KafkaAccess, TopicsTarget } from '../target.ts';
import { checkCounts, remarks } from './checks.ts';
import type { MigrateOptions } from './options.ts';
import { type Done, runPhases } from './phases.ts';
import { lookAtGroups, makeTopic, readSettings } from './prepare.ts';

/** What a run of the command came to. */
export interface MigrateReport extends Omit<Done, 'phase'> {
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  readonly phase: 'planned' | Done['phase'];
  readonly remarks: readonly string[];
}

/**
 * Moves a topic to one of more partitions, as far as the options say. What was done stays done: run again, it goes on.
 * @throws CommandError
 */
export async function migrate(
  target: TopicsTarget,
  declared: readonly TopicDeclaration[],
  options: MigrateOptions,
  tell: Tell,
): Promise<MigrateReport> {
  const { from, to, partitions } = options;
  const { kafka } = target;
  if (kafka === undefined) {
    const why = target.kafkaTrouble === undefined ? '' : `: ${target.kafkaTrouble}`;
    throw new CommandError(`records can only be copied where the brokers can be reached${why}`);
  }
  const live = new Map((await target.describe()).map((topic) => [topic.name, topic.partitions]));
  const planned = await withCluster(kafka, [from], async (cluster) => {
    const old = wholeTopic(cluster, from);
    checkCounts(options, old, declared, live);
    const existing = live.get(to);
    if (existing !== undefined && existing !== partitions) {
      throw new CommandError(`${to} is there already, with ${existing} partitions: name another, or delete it`);
    }
    const settings = await readSettings(cluster, old);
    if (settings['cleanup.policy']?.includes('compact') === true) {
      throw new CommandError(
        `${from} is compacted: what a group has handled of it is still its state, and cannot be left behind`,
      );
    }
    const looks = await lookAtGroups(cluster, options.groups, old);
    return { old, settings, looks, remarks: await remarks(cluster, options, old, live) };
  });
  for (const remark of planned.remarks) tell(`! ${remark}.`);
  const total = planned.looks.flatMap(waitingOf).reduce((sum, one) => Math.max(sum, one), 0);
  const base = { from, to, partitions, remarks: planned.remarks };
  if (options.until === 'plan') {
    return { ...base, phase: 'planned', written: 0, copied: 0, resumed: 0, behind: total, groups: [] };
  }
  const created = live.has(to) ? false : await makeTopic(target, options, planned.old, planned.settings);
  tell(`prepare   ${to} ${created ? `made, with ${partitions} partitions and the settings of ${from}` : 'is there'}`);
  const keepsTimestamps = planned.settings['message.timestamp.type'] !== 'LogAppendTime';
  const done = await insistently(kafka, options, tell, keepsTimestamps);
  return { ...base, ...done };
}

/** Records that a group has not handled. */
function waitingOf({ partitions }: GroupLook): number {
  return partitions.reduce(
    (sum, { committed, low, end }) => sum + Math.max(0, end - Math.max(low, committed ?? low)),
    0,
  );
}

/** The phases, again where a broker was away: from the checkpoints on. */
async function insistently(
  kafka: KafkaAccess,
  options: MigrateOptions,
  tell: Tell,
  keepsTimestamps: boolean,
): Promise<Done> {
  let furthest = -1;
  return await insist(async (progressed) => {
    const onKept = (offsets: number) => {
      if (offsets > furthest) progressed();
      furthest = Math.max(furthest, offsets);
    };
    const outcome = await withCluster(kafka, [options.from, options.to], (readers) =>
      withCluster(kafka, [options.to], async (writers) => {
        try {
          return { done: await runPhases(readers, writers, options, { tell, onKept }, keepsTimestamps) };
        } catch (error) {
          // As it is: withCluster would say of all that it is the cluster's.
          return { error };
        }
      }),
    );
    if ('done' in outcome) return outcome.done;
    throw outcome.error;
  }, tell);
}
