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
  const once = (list: readonly Written[]) => (work.mayDouble ? list.filter(isFirst(list)) : list);
  const outputs = Map.groupBy(once(observed.outputs), (written) => nameOf(inputs(written)));
  const deadLetters = Map.groupBy(once(observed.deadLetters), (written) => nameOf(inputs(written)));
  const names = [...new Set([...work.records.map(nameOf), ...outputs.keys(), ...deadLetters.keys()])].sort();
  return new Map(
    names.map((name) => [name, { outputs: outputs.get(name) ?? [], deadLetters: deadLetters.get(name) ?? [] }]),
  );
}

/** Whether the same was not written before: an input's outputs differ in their values. */
function isFirst(list: readonly Written[]): (written: Written) => boolean {
  const first = new Map<string, Written>();
  for (const written of list) {
    const name = nameOfOutput(written);
    if (!first.has(name)) first.set(name, written);
  }
  return (written) => first.get(nameOfOutput(written)) === written;
}

function nameOfOutput(written: Written): string {
  const { partition, offset } = inputOf(written);
  return `${partition}/${offset} ${written.value}`;
}

/**
 * What is wrong without comparing with another host: nothing invented, nothing twice, none out of its key's order, each
 * record accounted for; and where something went wrong, the group stood where it had to meanwhile.
 */
export function violations(work: Work, observed: Observed): string[] {
  const found: string[] = [];
  for (const [key, { outputs, deadLetters }] of byKey(work, observed)) {
    if (key === 'no input') found.push(`${outputs.length + deadLetters.length} records that nothing caused`);
    for (const list of [outputs, deadLetters]) {
      const offsets = list.map((written) => inputOf(written).offset);
      if (offsets.some((offset, index) => offset < (offsets[index - 1] ?? 0)))
        found.push(`${key}: ${offsets.join(', ')}`);
      const twice = list.filter((written) => !isFirst(list)(written));
      if (twice.length > 0) found.push(`${key}: twice: ${twice.map(nameOfOutput).join(', ').slice(0, 200)}`);
    }
    for (const { partition, headers } of deadLetters) {
      const { partition: from } = inputOf({ headers } as Written);
      if (partition !== from % work.deadLetterPartitions) found.push(`${key}: a dead letter in partition ${partition}`);
    }
    for (const written of outputs) {
      const due = inputOf(written).partition % (work.outputPartitions ?? work.partitions);
      if (written.partition !== due) found.push(`${key}: output in ${written.partition}`);
    }
  }
  return [...found, ...uncounted(work, observed), ...misplaced(work, observed)];
}

/** Inputs = those with outputs + dead letters + filtered. */
function uncounted({ records }: Work, { outputs, deadLetters, filtered }: Observed): string[] {
  const led = new Set([...outputs, ...deadLetters].map((written) => JSON.stringify(inputOf(written))));
  const due = records.length - led.size;
  return filtered === due ? [] : [`${filtered} records are counted as filtered, of ${due} that led to nothing`];
}

function misplaced({ standsAt, outputs }: Work, observed: Observed): string[] {
  const found: string[] = [];
  const stood = observed.meanwhile;
  if (standsAt && `${stood?.standsAt}` !== `${standsAt}`)
    found.push(`the group stood at ${stood?.standsAt}, not at ${standsAt}, while something was wrong`);
  if (stood && stood.deadLetters > 0) found.push(`${stood.deadLetters} dead letters while something was wrong`);
  for (const [partition, values] of outputs?.entries() ?? []) {
    const written = observed.outputs.filter((one) => one.partition === partition);
    const seen = [...new Set(written.map(({ value }) => value))];
    if (JSON.stringify(seen) !== JSON.stringify(values))
      found.push(`partition ${partition} came to ${seen.join(', ')}`);
  }
  return found;
}
