import type { GroupLook } from '../support/kafka/group-look.ts';
import { table } from '../support/table.ts';
import { count, printable } from '../support/words.ts';
import type { Change } from './change.ts';
import type { OffsetsPlan } from './plan.ts';

/** What a report is about. */
export interface Subject {
  readonly groupId: string;
  readonly topic: string;
  /** Whether offsets may be no records: the topic is compacted. */
  readonly compacted: boolean;
}

const offset = (value: number | null): string => (value === null ? 'none' : String(value));

/** Where the group is. `times` are those of the records next in line, in milliseconds since the epoch. */
export function lookText(
  { topic, groupId }: Subject,
  { group, partitions }: GroupLook,
  times: ReadonlyMap<number, number>,
): string {
  const rows = partitions.map(({ partition, committed, low, end }) => [
    ...[String(partition), offset(committed), String(low), String(end)],
    String(lagOf({ committed, low, end })),
    isoTime(times.get(partition)) ?? '-',
  ]);
  const lag = partitions.reduce((sum, look) => sum + lagOf(look), 0);
  const members = `${group.state}, ${count(group.members.length, 'member')}`;
  return lines([
    `${groupId} on ${topic}: ${members}, ${count(lag, 'record')} behind`,
    ...table([['partition', 'committed', 'earliest', 'end', 'lag', 'next record is from'], ...rows]),
  ]);
}

/** Records between the group and the end. Without a commit: all there are. */
export function lagOf({
  committed,
  low,
  end,
}: Pick<GroupLook['partitions'][number], 'committed' | 'low' | 'end'>): number {
  return Math.max(0, end - Math.max(low, committed ?? low));
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined || ms < 0 || ms > 8.64e15 ? undefined : new Date(ms).toISOString();
}

/** The difference, partition by partition; those that stay are only counted. */
export function planText(subject: Subject, plan: OffsetsPlan, to: string): string {
  const changes = plan.moves.filter(({ from, to: then }) => from !== then);
  const rows = changes.map((move) => [
    ...[String(move.partition), offset(move.from), offset(move.to), String(move.replayed), String(move.skipped)],
    move.note ?? '',
  ]);
  const most = subject.compacted ? 'at most ' : '';
  return lines([
    `${subject.groupId} on ${subject.topic}, to ${to}:`,
    ...(rows.length > 0 ? table([['partition', 'from', 'to', 'again', 'never', ''], ...rows]) : []),
    `${count(changes.length, 'partition')} would change, ${plan.moves.length - changes.length} would stay; then ${most}${count(plan.waiting, 'record')} wait.`,
    `${most}${count(plan.replayed, 'record')} will be handled again.`.replace(/^a/, 'A'),
    `${most}${count(plan.skipped, 'record')} will never be handled${plan.skipped > 0 ? ': they are skipped' : ''}.`.replace(
      /^a/,
      'A',
    ),
  ]);
}

/** What was done, and how to take it back. */
export function changeText({ groupId, topic }: Subject, { saved, changed }: Change): string {
  if (saved === undefined) return 'Nothing to change: the group is there already.\n';
  return lines([
    `Changed ${count(changed, 'partition')}, and read back. The previous offsets are in ${saved}`,
    `Take it back: npm run offsets -- undo --group ${groupId} --topic ${topic}`,
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.map(printable).join('\n')}\n`;
}
