import { type Assigner, AssignerProtocol, type GroupMember, type GroupMemberAssignment } from 'kafkajs';

/** What a member tells the leader: which partitions it had, and in which generation. */
interface Claim {
  readonly generation: number;
  readonly partitions: readonly number[];
}

const name = 'hft-sticky';
const version = 1;

/** Shares partitions evenly, and leaves as many as it can where they are. */
export function stickyAssigner(topic: string, partitionCount: () => number, claim: () => Claim): Assigner {
  return {
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version,
        topics,
        userData: Buffer.from(JSON.stringify(claim())),
      }),
    }),
    assign: async ({ members }) => {
      const claims = new Map(members.map((member) => [member.memberId, readClaim(member)]));
      const shares = sharePartitions(partitionCount(), claims);
      return [...shares].map(
        ([memberId, partitions]): GroupMemberAssignment => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version,
            assignment: { [topic]: partitions },
            userData: Buffer.alloc(0),
          }),
        }),
      );
    },
  };
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
