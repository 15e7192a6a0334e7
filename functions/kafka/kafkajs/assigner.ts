import { type Assigner, AssignerProtocol, type GroupMember, type GroupMemberAssignment } from 'kafkajs';

/** What a member tells the leader: which partitions it had, and in which generation. */
interface Claim {
  readonly generation: number;
  readonly partitions: readonly number[];
}

/** What the leader of a group must know to share out partitions. */
export interface AssignerContext {
  /** The topic that this member reads. */
  readonly topic: string;
  /** Partitions of a topic that any member reads; 0 for one that is not there. */
  partitionCount(topic: string): number | Promise<number>;
  claim(): Claim;
  /** Other members read these topics and not ours: who leads hears of it. */
  shared(topics: readonly string[]): void;
}

/** Shares partitions evenly, and leaves as many as it can where they are. */
export function stickyAssigner(context: AssignerContext): Assigner {
  return assignerOf('hft-sticky', 1, context, () => Buffer.from(JSON.stringify(context.claim())));
}

/**
 * What a plain application can be in a group with. It bears the name of kafkajs' own, which would hand partitions also to
 * members that do not read their topic: nobody would ever read those.
 */
export function plainAssigner(context: AssignerContext): Assigner {
  return assignerOf('RoundRobinAssigner', 0, context, () => Buffer.alloc(0));
}

function assignerOf(name: string, version: number, context: AssignerContext, userData: () => Buffer): Assigner {
  return {
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData: userData() }),
    }),
    assign: async ({ members }) => {
      const readers = readersOf(members, context.topic);
      const others = [...readers.keys()].filter((topic) => topic !== context.topic).sort();
      if (others.length > 0) context.shared(others);
      const assignments = new Map(members.map(({ memberId }) => [memberId, {} as Record<string, number[]>]));
      for (const [topic, claims] of readers) {
        for (const [memberId, partitions] of sharePartitions(await context.partitionCount(topic), claims)) {
          const assignment = assignments.get(memberId);
          if (assignment !== undefined) assignment[topic] = partitions;
        }
      }
      return [...assignments].map(
        ([memberId, assignment]): GroupMemberAssignment => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version,
            assignment,
            userData: Buffer.alloc(0),
          }),
        }),
      );
    },
  };
}

/** Who reads which topic, with what it claims. A member that does not say what it reads is taken for one of ours. */
function readersOf(members: readonly GroupMember[], ours: string): Map<string, Map<string, Claim>> {
  const readers = new Map<string, Map<string, Claim>>([[ours, new Map()]]);
  for (const member of members) {
    for (const topic of topicsOf(member) ?? [ours]) {
      const claims = readers.get(topic) ?? new Map<string, Claim>();
      readers.set(topic, claims);
      claims.set(member.memberId, readClaim(member));
    }
  }
  return readers;
}

function topicsOf({ memberMetadata }: GroupMember): readonly string[] | undefined {
  try {
    return AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics;
  } catch {
    return undefined;
  }
}

/** A claim comes from another process: anything that is not one counts as none. */
function readClaim(member: GroupMember): Claim {
  const none: Claim = { generation: -1, partitions: [] };
  try {
    const decoded = AssignerProtocol.MemberMetadata.decode(member.memberMetadata);
    const claim: unknown = JSON.parse(decoded?.userData.toString() || 'null');
    if (typeof claim !== 'object' || claim === null || !('generation' in claim) || !('partitions' in claim))
      return none;
    const { generation, partitions } = claim;
    if (typeof generation !== 'number' || !Array.isArray(partitions)) return none;
    return { generation, partitions: partitions.filter((partition) => Number.isInteger(partition)) };
  } catch {
    return none;
  }
}

/**
 * Shares partitions 0 to count - 1 among the members: sizes differ by one at most, a member keeps what it claims as
 * far as its share goes, and of two claims to one partition the younger generation's counts.
 */
export function sharePartitions(count: number, claims: ReadonlyMap<string, Claim>): Map<string, number[]> {
  const owners = new Map<number, { memberId: string; generation: number }>();
  for (const [memberId, claim] of claims) {
    for (const partition of claim.partitions) {
      const rival = owners.get(partition);
      const inRange = partition >= 0 && partition < count;
      if (inRange && (rival === undefined || rival.generation < claim.generation)) {
        owners.set(partition, { memberId, generation: claim.generation });
      }
    }
  }
  const kept = new Map<string, number[]>([...claims.keys()].sort().map((memberId) => [memberId, []]));
  const free: number[] = [];
  for (let partition = 0; partition < count; partition += 1) {
    const owner = owners.get(partition);
    if (owner === undefined) free.push(partition);
    else kept.get(owner.memberId)?.push(partition);
  }
  // The larger shares go to those that hold the most already.
  const byHolding = [...kept].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  const base = Math.floor(count / Math.max(1, kept.size));
  const larger = count - base * kept.size;
  for (const [index, [, partitions]] of byHolding.entries())
    free.push(...partitions.splice(base + (index < larger ? 1 : 0)));
  free.sort((a, b) => a - b);
  for (const [index, [, partitions]] of byHolding.entries()) {
    const share = base + (index < larger ? 1 : 0);
    while (partitions.length < share) partitions.push(free.shift() ?? 0);
    partitions.sort((a, b) => a - b);
  }
  return kept;
}
