import type { GroupFacts } from '../support/kafka/group-facts.ts';
import { count, some } from '../support/words.ts';
import type { Finding } from './finding.ts';
import { diagnoseOwnership, nameOf } from './ownership-diagnosis.ts';

/** What the diagnosis of a group starts from. */
export interface GroupSituation {
  /** Two looks at the group, some time apart. */
  readonly first: GroupFacts;
  readonly second: GroupFacts;
  readonly topic: string;
  readonly partitionCount: number;
  readonly expectedInstances: number | undefined;
  /** The groups that exist. */
  readonly groups: readonly string[];
}

const rebalancing = (group: GroupFacts): boolean => group.state.endsWith('Rebalance');

/** Who owns what, and why not evenly. */
export function diagnoseGroup(situation: GroupSituation): Finding[] {
  const { second, groups } = situation;
  if (second.members.length === 0) return [noMembers(second, groups)];
  if (rebalancing(second)) return [inRebalance(situation)];
  return [
    ...interrupted(situation),
    ...strangers(situation),
    ...diagnoseOwnership(situation.second, situation.topic, situation.partitionCount),
    ...expectation(situation),
  ];
}

function found(severity: Finding['severity'], what: string, cause: string, remedy: string): Finding {
  return { severity, area: 'group', what, cause, remedy };
}

/** Whether this is a problem depends on whether records wait: the lag tells. */
function noMembers({ groupId, state }: GroupFacts, groups: readonly string[]): Finding {
  const others = groups.filter((name) => name !== groupId);
  if (state === 'Dead' && groups.includes(groupId)) {
    return found(
      'warning',
      `the members of ${groupId} cannot be shown`,
      'The group uses the newer consumer protocol (KIP-848), which answers this question elsewhere.',
      'Use kafka-consumer-groups.sh --describe --members, or give the instances a group of their own.',
    );
  }
  return found(
    'warning',
    `group ${groupId} ${state === 'Dead' ? 'does not exist' : 'has no members'}`,
    state === 'Dead' ? 'No instance ever joined it, or it expired.' : 'Every instance has left or died.',
    others.length > 0 && state === 'Dead'
      ? `Start instances, or name another group with --group: there are ${some(others)}.`
      : 'Start instances: npm start.',
  );
}

function inRebalance({ first, second }: GroupSituation): Finding {
  const lasting = rebalancing(first);
  return found(
    lasting ? 'problem' : 'warning',
    `group ${second.groupId} is rebalancing (${second.state})${lasting ? ', and was at both looks' : ''}`,
    'A member joined, left or died, and the group waits for the others to join again.',
    lasting
      ? 'If it lasts, look in the logs for a member that comes and goes, and raise KAFKA_SESSION_TIMEOUT_MS.'
      : 'Look again in a few seconds.',
  );
}

function interrupted({ first, second }: GroupSituation): Finding[] {
  const ids = (group: GroupFacts) => new Set(group.members.map(({ memberId }) => memberId));
  const [before, after] = [ids(first), ids(second)];
  const joined = [...after].filter((id) => !before.has(id)).length;
  const left = [...before].filter((id) => !after.has(id)).length;
  if (joined + left === 0 && !rebalancing(first)) return [];
  return [
    found(
      'note',
      `group ${second.groupId} rebalanced during the look`,
      `${count(joined, 'member')} joined and ${left} left.`,
      'Nothing, when instances were just started or stopped; else look for restarts in the logs.',
    ),
  ];
}

/** Members that cannot share the topic's partitions with the others. */
function strangers({ second, topic }: GroupSituation): Finding[] {
  const findings: Finding[] = [];
  if (second.protocolType !== 'consumer') {
    findings.push(
      found(
        'problem',
        `group ${second.groupId} is not a group of consumers`,
        `Its members speak the protocol '${second.protocolType}'.`,
        'Give the instances a group id of their own with KAFKA_GROUP_ID.',
      ),
    );
  }
  const elsewhere = second.members.filter(({ subscribed }) => subscribed.length > 0 && !subscribed.includes(topic));
  if (elsewhere.length > 0) {
    const topics = [...new Set(elsewhere.flatMap(({ subscribed }) => subscribed))];
    findings.push(
      found(
        'problem',
        `${count(elsewhere.length, 'member')} of ${second.groupId} read another topic: ${some(elsewhere.map(nameOf))}`,
        `They subscribe to ${some(topics)} and not to ${topic}: every join of one group disturbs the other.`,
        'Give each function a group of its own with KAFKA_GROUP_ID.',
      ),
    );
  }
  return findings;
}

function expectation({ second, expectedInstances }: GroupSituation): Finding[] {
  const actual = second.members.length;
  if (expectedInstances === undefined || expectedInstances === actual) return [];
  return [
    found(
      'warning',
      `${count(actual, 'member')} in ${second.groupId}, and TOTAL_INSTANCES says ${expectedInstances}`,
      actual < expectedInstances ? 'Some instances do not run, or cannot join.' : 'More run than were said to.',
      actual < expectedInstances ? 'Look at the logs of those that are missing.' : 'Correct TOTAL_INSTANCES.',
    ),
  ];
}
