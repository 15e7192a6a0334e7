/** CPU microseconds of this process, user and system. Wall time on a shared machine measures the neighbours. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU microseconds a call of each piece of work takes: the median of rounds in which all take turns. */
export function compare<Name extends string>(
  work: Record<Name, () => unknown>,
  { rounds, callsPerRound }: { readonly rounds: number; readonly callsPerRound: number },
): Record<Name, number> {
  const names = Object.keys(work) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  // The first rounds are for the compiler.
  for (let round = -Math.ceil(rounds / 3); round < rounds; round += 1) {
    for (const name of names) {
      const before = cpuMicroseconds();
      for (let call = 0; call < callsPerRound; call += 1) sink = work[name]();
      if (round >= 0) samples.get(name)?.push((cpuMicroseconds() - before) / callsPerRound);
    }
  }
  if (sink === undefined) throw new Error('The measured work returned nothing.');
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<Name, number>;
}

/** Keeps results reachable, so that no work is optimised away. */
let sink: unknown;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
