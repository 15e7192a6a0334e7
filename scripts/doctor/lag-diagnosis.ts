import { count, ranges, span } from '../support/words.ts';
import type { Finding } from './finding.ts';
import type { LagReport, PartitionLag } from './lag.ts';

/** What the diagnosis of a lag starts from. */
export interface LagSituation {
  readonly report: LagReport;
  readonly topic: string;
  readonly groupId: string;
  /** Undefined when the coordinator does not tell. */
  readonly members: number | undefined;
  /** Whether the group rebalances: then nothing is committed for a moment, and nothing is stuck. */
  readonly settled: boolean;
  /** How long the record that is next in line has waited, by partition, as far as it was looked up. */
  readonly waitingMs: ReadonlyMap<number, number>;
}

const patientMs = 30_000;
const longDrainSeconds = 600;

/** Whether the group keeps up, and where it does not. */
export function diagnoseLag(situation: LagSituation): Finding[] {
  const { report, members } = situation;
  const range = [...outOfRange(situation, 'deleted'), ...outOfRange(situation, 'beyond the end')];
  if (members === 0) return [...range, ...abandoned(situation)];
  const stuck = situation.settled ? report.partitions.filter((partition) => partition.stuck) : [];
  return [...range, ...uncommitted(situation), ...stuckFindings(situation, stuck), ...pace(situation, stuck)];
}

function found(severity: Finding['severity'], what: string, cause: string, remedy: string): Finding {
  return { severity, area: 'lag', what, cause, remedy };
}

const numbers = (partitions: readonly PartitionLag[]): string => ranges(partitions.map(({ partition }) => partition));

function outOfRange({ report, topic, groupId }: LagSituation, kind: 'deleted' | 'beyond the end'): Finding[] {
  const partitions = report.partitions.filter((partition) => partition.outOfRange === kind);
  if (partitions.length === 0) return [];
  if (kind === 'beyond the end') {
    return [
      found(
        'problem',
        `the offsets of ${groupId} are beyond the end of ${count(partitions.length, 'partition')} of ${topic}: ${numbers(partitions)}`,
        'The topic was deleted and made again, or lost its log, after these offsets were committed.',
        'Stop the instances, and set the offsets of the group to where reading shall go on.',
      ),
    ];
  }
  const lost = partitions.reduce((sum, { low, committed }) => sum + low - (committed ?? low), 0);
  return [
    found(
      'problem',
      `${count(lost, 'record')} of ${topic} were deleted before ${groupId} read them, in partitions ${numbers(partitions)}`,
      'Retention removed them while the group was behind or stopped.',
      'Replay them from their origin; then raise retention.ms, or the number of instances.',
    ),
  ];
}

function abandoned({ report, topic, groupId }: LagSituation): Finding[] {
  if (report.total === 0) return [];
  const waiting = report.partitions.filter(({ lag }) => lag > 0);
  return [
    found(
      'problem',
      `${count(report.total, 'record')} of ${topic} wait in ${count(waiting.length, 'partition')}, and nobody reads them`,
      `Group ${groupId} has no members.`,
      'Start instances (npm start), or look in their logs for why they ended.',
    ),
  ];
}

function uncommitted({ report, topic, groupId }: LagSituation): Finding[] {
  const none = report.partitions.filter(({ committed, end, low }) => committed === null && end > low);
  if (none.length === 0) return [];
  return [
    found(
      'warning',
      `${groupId} has committed nothing in ${count(none.length, 'partition')} of ${topic} that have records: ${numbers(none)}`,
      'Their owners have just begun, or have not been able to finish a single record.',
      'Look again in a few seconds; if it stays, look for retries and errors in the logs of their owners.',
    ),
  ];
}

function stuckFindings({ report, topic, waitingMs }: LagSituation, stuck: readonly PartitionLag[]): Finding[] {
  if (stuck.length === 0) return [];
  const waiting = stuck.reduce((sum, { lag }) => sum + lag, 0);
  const longest = Math.max(-1, ...stuck.map(({ partition }) => waitingMs.get(partition) ?? -1));
  const since = longest >= 0 ? `, the oldest since ${span(longest)}` : '';
  const all = stuck.length === report.partitions.filter(({ lag, moved }) => lag > 0 || moved > 0).length;
  return [
    found(
      longest >= 0 && longest < patientMs ? 'warning' : 'problem',
      `${count(stuck.length, 'partition')} of ${topic} stand still with ${count(waiting, 'record')} waiting${since}: ${numbers(stuck)}`,
      all
        ? 'Nothing was committed at all: what every record needs (database, output topic) may be down.'
        : 'Nothing of them was committed while others moved: a record is retried, or their owners hang or are too busy.',
      'Look at the log and /ready of the instances that own them.',
    ),
  ];
}

function pace({ report, topic }: LagSituation, stuck: readonly PartitionLag[]): Finding[] {
  const { total, growing, inPerSecond, committedPerSecond, drainSeconds } = report;
  const rates = `${Math.round(inPerSecond)}/s come in, ${Math.round(committedPerSecond)}/s are done`;
  if (growing) {
    const inStuck = stuck.reduce((sum, { lag }) => sum + lag, 0);
    const held = inStuck > total / 2;
    return [
      found(
        total > inPerSecond * 10 ? 'problem' : 'warning',
        `the lag of ${topic} is growing: ${count(total, 'record')} wait, ${rates}`,
        held
          ? 'Most of it is in partitions that stand still (see above).'
          : 'The instances handle less than is written.',
        held ? 'Free them first.' : 'Run more instances, up to one a partition, or find what slows them.',
      ),
    ];
  }
  if (drainSeconds === null || drainSeconds < longDrainSeconds) return [];
  return [
    found(
      'warning',
      `${count(total, 'record')} of ${topic} wait, and take ${span(drainSeconds * 1_000)} to work off: ${rates}`,
      'The instances are a little faster than what comes in.',
      'Run more instances until it is done.',
    ),
  ];
}
