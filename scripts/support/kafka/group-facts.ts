import { setTimeout as delay } from 'node:timers/promises';
import { AssignerProtocol } from 'kafkajs';
import { type BrokerConnection, errorName } from './broker.ts';

/** One member of a consumer group, as the coordinator has it. */
export interface MemberFacts {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  /** The topics that it asked for. Empty while the group rebalances: the coordinator tells nothing then. */
  readonly subscribed: readonly string[];
  readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** A consumer group. */
export interface GroupFacts {
  readonly groupId: string;
  readonly coordinatorId: number;
  /** `Stable`, `Empty`, `Dead` (there is none), `PreparingRebalance` or `CompletingRebalance`. */
  readonly state: string;
  /** `consumer` for groups of consumers; Kafka Connect and others have their own. */
  readonly protocolType: string;
  /** The name of the assigner that all members agreed on. */
  readonly protocol: string;
  readonly members: readonly MemberFacts[];
}

const patienceMs = 5_000;
const groupDenied = 30;

/** This user may not see the group: no wait helps. */
export class GroupDeniedError extends Error {
  readonly groupId: string;

  constructor(groupId: string) {
    super(errorName(groupDenied));
    this.groupId = groupId;
  }
}

/** The node that coordinates a group. The first question of this kind makes a cluster create where it keeps offsets. */
export async function findCoordinator(broker: BrokerConnection, groupId: string): Promise<number> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const { errorCode, coordinator } = await broker.ask('GroupCoordinator', { groupId });
    if (errorCode === 0) return coordinator.nodeId;
    if (errorCode === groupDenied) throw new GroupDeniedError(groupId);
    if (Date.now() > until) throw new Error(errorName(errorCode));
    await delay(200);
  }
}

/** Describes a group by its coordinator, waiting while that reads its log. */
export async function describeGroup(
  coordinator: BrokerConnection,
  coordinatorId: number,
  groupId: string,
): Promise<GroupFacts> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const group = (await coordinator.ask('DescribeGroups', { groupIds: [groupId] })).groups[0];
    if (group?.errorCode === 0) {
      const { state, protocolType, protocol } = group;
      return { groupId, coordinatorId, state, protocolType, protocol, members: group.members.map(memberOf) };
    }
    if (group?.errorCode === groupDenied) throw new GroupDeniedError(groupId);
    if (Date.now() > until) throw new Error(errorName(group?.errorCode) ?? 'the answer is empty');
    await delay(200);
  }
}

function memberOf(member: {
  memberId: string;
  clientId: string;
  clientHost: string;
  memberMetadata: Buffer;
  memberAssignment: Buffer;
}): MemberFacts {
  const { memberId, clientId, clientHost, memberMetadata, memberAssignment } = member;
  const metadata = decoded(() => AssignerProtocol.MemberMetadata.decode(memberMetadata));
  const assignment = decoded(() => AssignerProtocol.MemberAssignment.decode(memberAssignment))?.assignment ?? {};
  return {
    memberId,
    clientId,
    host: clientHost.replace(/^\//, ''),
    subscribed: metadata?.topics ?? [],
    assigned: Object.entries(assignment).map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions].sort((a, b) => a - b),
    })),
  };
}

/** These bytes are another program's: what cannot be read counts as nothing. */
function decoded<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** The ids of all groups of the brokers that answer. */
export async function listGroups(brokers: Iterable<BrokerConnection>): Promise<string[]> {
  const answers = await Promise.all([...brokers].map((broker) => broker.ask('ListGroups', {})));
  return answers.flatMap(({ groups }) => groups.map(({ groupId }) => groupId)).sort();
}
