/** One rebalance of the group, from the first partition let go to the last one taken up. */
export interface Rebalance {
  readonly membersBefore: number;
  readonly membersAfter: number;
  readonly ms: number;
}

/** Who owns which partition, pieced together from what the instances say. Pure: times are handed in. */
export interface Ownership {
  /** The owning instance by partition; undefined between two owners. */
  readonly owners: readonly (number | undefined)[];
  /** Whether every partition has an owner, and no instance is between two assignments. */
  whole(): boolean;
  partitionsOf(instance: number): number;
  assigned(instance: number, partitions: readonly number[], atMs: number): void;
  released(instance: number, atMs: number): void;
  /** It goes, or is gone: no assignment will come. */
  left(instance: number, atMs: number): void;
}

export function createOwnership(partitions: number, onRebalanced: (rebalance: Rebalance) => void): Ownership {
  const owners = new Array<number | undefined>(partitions).fill(undefined);
  const members = new Set<number>();
  const leaving = new Set<number>();
  /** Instances that have let go and wait for their next assignment. */
  const waiting = new Set<number>();
  let open: { sinceMs: number; membersBefore: number } | undefined;

  const whole = (): boolean => waiting.size === 0 && owners.every((owner) => owner !== undefined);

  function begin(atMs: number): void {
    open ??= { sinceMs: atMs, membersBefore: members.size };
  }

  function free(instance: number): void {
    for (const [partition, owner] of owners.entries()) if (owner === instance) owners[partition] = undefined;
  }

  function settle(atMs: number): void {
    if (open === undefined || !whole()) return;
    onRebalanced({
      membersBefore: open.membersBefore,
      membersAfter: members.size,
      ms: Math.max(0, atMs - open.sinceMs),
    });
    open = undefined;
  }

  return {
    owners,
    whole,
    partitionsOf: (instance) => owners.reduce<number>((count, owner) => count + (owner === instance ? 1 : 0), 0),
    assigned(instance, taken, atMs) {
      begin(atMs);
      free(instance);
      for (const partition of taken) owners[partition] = instance;
      members.add(instance);
      waiting.delete(instance);
      settle(atMs);
    },
    released(instance, atMs) {
      begin(atMs);
      free(instance);
      if (!leaving.has(instance)) waiting.add(instance);
    },
    left(instance, atMs) {
      leaving.add(instance);
      waiting.delete(instance);
      if (owners.includes(instance)) begin(atMs);
      free(instance);
      members.delete(instance);
      settle(atMs);
    },
  };
}
