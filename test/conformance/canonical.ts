import { inputOf, type Observed, type SourceRecord, type Work, type Written } from './work.ts';

/** What became of the records of one key of one partition, each in the order in which it was written. */
export interface KeyResult {
  readonly outputs: readonly Written[];
  readonly deadLetters: readonly Written[];
}

/** What was observed, by partition and key: within those, order is promised; between them, hosts may differ. */
export function byKey(work: Work, observed: Observed): ReadonlyMap<string, KeyResult> {
  const partitions = Map.groupBy(work.records, ({ partition }) => partition);
  const inputs = (written: Written): SourceRecord | undefined => {
    const { partition, offset } = inputOf(written);
    return partitions.get(partition)?.[offset];
  };
  const nameOf = (input: SourceRecord | undefined): string =>
    input ? `${input.partition}/${input.key?.toString('latin1') ?? ''}` : 'no input';
  const outputs = Map.groupBy(observed.outputs, (written) => nameOf(inputs(written)));
  const deadLetters = Map.groupBy(observed.deadLetters, (written) => nameOf(inputs(written)));
  const names = [...new Set([...work.records.map(nameOf), ...outputs.keys(), ...deadLetters.keys()])].sort();
  return new Map(
    names.map((name) => [name, { outputs: outputs.get(name) ?? [], deadLetters: deadLetters.get(name) ?? [] }]),
  );
}

/** What is wrong without comparing with another host: nothing invented, no output twice, none out of its key's order. */
export function violations(work: Work, observed: Observed): string[] {
  const found: string[] = [];
  for (const [key, { outputs, deadLetters }] of byKey(work, observed)) {
    if (key === 'no input') found.push(`${outputs.length + deadLetters.length} records that nothing caused`);
    for (const list of [outputs, deadLetters]) {
      const offsets = list.map((written) => inputOf(written).offset);
      if (offsets.some((offset, index) => offset < (offsets[index - 1] ?? 0)))
        found.push(`${key}: ${offsets.join(', ')}`);
    }
    for (const { partition, headers } of deadLetters) {
      const { partition: from } = inputOf({ headers } as Written);
      if (partition !== from % work.deadLetterPartitions) found.push(`${key}: a dead letter in partition ${partition}`);
    }
    for (const written of outputs) {
      if (written.partition !== inputOf(written).partition) found.push(`${key}: output in ${written.partition}`);
    }
  }
  return found;
}
