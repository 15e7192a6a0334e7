import type { MemberFacts } from '../support/kafka/group-facts.ts';
import { table } from '../support/table.ts';
import { clipped, count, ranges, span } from '../support/words.ts';
import type { Examination } from './examination.ts';
import type { LagReport, PartitionLag } from './lag.ts';
import { ownedBy } from './ownership-diagnosis.ts';
import type { Section } from './text.ts';

/** The group: who owns what. */
export function groupLines({ group: seen, target }: Examination): Section | undefined {
  if (!seen?.group || !target) return undefined;
  const { groupId, state, protocol, members, coordinatorId } = seen.group;
  const assigner = protocol === '' ? '' : `, assigner ${clipped(protocol, 40)}`;
  const headline = `${groupId} is ${state}, ${count(members.length, 'member')}${assigner}, coordinator ${coordinatorId}`;
  if (state === 'Dead')
    return { headline: `${groupId} is not known to its coordinator, broker ${coordinatorId}`, lines: [] };
  if (members.length === 0) return { headline, lines: [] };
  const rows = [...members]
    .sort((a, b) => a.clientId.localeCompare(b.clientId, 'en', { numeric: true }))
    .map((member) => memberRow(member, target.topic, seen.lag));
  return { headline, lines: table([['member', 'host', 'owns', 'lag', `partitions of ${target.topic}`], ...rows]) };
}

function memberRow(member: MemberFacts, topic: string, lag: LagReport | undefined): string[] {
  const owned = ownedBy(member, topic);
  const waiting = lag?.partitions.filter(({ partition }) => owned.includes(partition)).reduce(sumLag, 0);
  const elsewhere = member.subscribed.filter((name) => name !== topic);
  const others = elsewhere.length > 0 ? ` (also reads ${clipped(elsewhere.join(', '), 60)})` : '';
  return [
    clipped(member.clientId || member.memberId, 40),
    clipped(member.host, 40),
    String(owned.length),
    waiting === undefined ? '?' : String(waiting),
    `${clipped(ranges(owned) || '-', 70)}${others}`,
  ];
}

const sumLag = (total: number, { lag }: PartitionLag): number => total + lag;
const worstShown = 5;

/** The lag in total, and the partitions that are furthest behind. */
export function lagLines({ group }: Examination): Section | undefined {
  const lag = group?.lag;
  if (!lag) return undefined;
  const rate = (perSecond: number) =>
    `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`;
  const behind = lag.partitions.filter((partition) => partition.lag > 0).sort((a, b) => b.lag - a.lag);
  const drain = lag.drainSeconds === null ? '' : `, none left in ${span(lag.drainSeconds * 1_000)} at this pace`;
  const waited = group?.oldestWaitingMs === undefined ? '' : `, the oldest for ${span(group.oldestWaitingMs)}`;
  const headline =
    `${count(lag.total, 'record')} wait in ${behind.length} of ${lag.partitions.length} partitions${waited}; ` +
    `${rate(lag.inPerSecond)} in, ${rate(lag.committedPerSecond)} committed${drain}`;
  // When all is about even, the total says it.
  const notable = behind.filter((one) => one.stuck || one.outOfRange || one.lag > lag.inPerSecond);
  if (notable.length === 0) return { headline, lines: [] };
  const rows = notable
    .slice(0, worstShown)
    .map(({ partition, lag: waiting, committed, low, end, moved, stuck }) => [
      String(partition),
      String(waiting),
      committed === null ? 'none' : String(committed),
      `${low}-${end}`,
      String(moved),
      stuck ? 'stands still' : '',
    ]);
  const rest = notable.length - rows.length;
  return {
    headline,
    lines: [
      ...table([['partition', 'lag', 'committed', 'holds', 'moved', ''], ...rows]),
      ...(rest > 0 ? [`  and ${count(rest, 'more partition')}`] : []),
    ],
  };
}
