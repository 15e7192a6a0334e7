import type { GroupFacts, MemberFacts } from '../support/kafka/group-facts.ts';
import { count, ranges, some } from '../support/words.ts';
import type { Finding } from './finding.ts';

/** The partitions of a topic that a member owns. */
export function ownedBy(member: MemberFacts, topic: string): readonly number[] {
  return member.assigned.find((one) => one.topic === topic)?.partitions ?? [];
}

/** What an operator knows a member by. */
export const nameOf = ({ clientId, memberId }: MemberFacts): string => clientId || memberId;

function found(severity: Finding['severity'], what: string, cause: string, remedy: string): Finding {
  return { severity, area: 'group', what, cause, remedy };
}

/** Whether every partition has one owner, and every owner its share. For a group that is settled. */
export function diagnoseOwnership(group: GroupFacts, topic: string, partitionCount: number): Finding[] {
  const readers = group.members.filter(({ subscribed }) => subscribed.length === 0 || subscribed.includes(topic));
  if (readers.length === 0) return [];
  const owned = readers.flatMap((member) => ownedBy(member, topic));
  const unowned = Array.from({ length: partitionCount }, (_, partition) => partition).filter(
    (partition) => !owned.includes(partition),
  );
  const findings: Finding[] = [];
  if (unowned.length > 0) {
    findings.push(
      found(
        'problem',
        `nobody owns ${count(unowned.length, 'partition')} of ${topic}: ${ranges(unowned)}`,
        'The group is settled, but its leader gave them to no member: it may not know of them yet.',
        'Restart the instances, one after the other; check that all run the same version.',
      ),
    );
  }
  const twice = owned.filter((partition, index) => owned.indexOf(partition) !== index);
  if (twice.length > 0) {
    findings.push(
      found(
        'problem',
        `${count(new Set(twice).size, 'partition')} of ${topic} have two owners: ${ranges(twice)}`,
        `The assigner '${group.protocol}' gave them out twice.`,
        'Check that all instances run the same version, and restart them.',
      ),
    );
  }
  return [...findings, ...evenness(readers, topic, partitionCount, group.protocol)];
}

function evenness(readers: readonly MemberFacts[], topic: string, partitions: number, protocol: string): Finding[] {
  const idle = readers.filter((member) => ownedBy(member, topic).length === 0);
  if (idle.length > 0) {
    const enough = readers.length <= partitions;
    return [
      found(
        'warning',
        `${count(idle.length, 'member')} own nothing: ${some(idle.map(nameOf))}`,
        enough
          ? `The assigner '${protocol}' left them out, though there are enough partitions.`
          : `There are ${readers.length} members for ${partitions} partitions, and a partition has one owner.`,
        enough ? 'Restart those instances.' : `Run at most ${partitions} instances.`,
      ),
    ];
  }
  const sizes = readers.map((member) => ownedBy(member, topic).length);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (most - least <= 1) return [];
  return [
    found(
      'warning',
      `${partitions} partitions over ${readers.length} members are uneven: from ${least} to ${most} each`,
      readers.some(({ subscribed }) => subscribed.length > 1)
        ? 'Some members read other topics as well, and the assigner balances the sum.'
        : `The assigner '${protocol}' does not even them out.`,
      'Check that all members are instances of one function and version, and restart them.',
    ),
  ];
}
