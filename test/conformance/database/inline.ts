import { setTimeout as sleep } from 'node:timers/promises';
import type { InboundRecord } from '../../../functions/runtime/contract.ts';
import { inlineTopics, sourceRecords, written } from '../hosts/inline.ts';
import type { Meanwhile, Written } from '../work.ts';
import { loadBundle } from './bundle.ts';
import type { DatabaseCase, Place } from './case.ts';

const redeliverAfterMs = 100;
const timeoutMs = 20_000;
/** Delivered again, it comes by so many of a partition: no cut of batches may change what comes of it. */
const pieceLength = 5;

/** Called without any server but the database's. */
export const inlineDatabase: Place = {
  name: 'inline',
  async begin(one, bundle, env) {
    const { functions, invoke } = await loadBundle(bundle);
    const definition = { ...functions[one.functionName], ...inlineTopics };
    const all = sourceRecords(one.records);
    const outputs: Written[] = [];
    const deadLetters: Written[] = [];
    const options = {
      ...{ timeoutMs, deadLetterPartitions: one.deadLetterPartitions },
      outputPartitions: one.outputPartitions ?? one.partitions,
    };
    let resources = await definition.setup(env);
    let given: readonly number[] = [];
    let queue: readonly InboundRecord[] = [];
    let filtered = 0;
    let meanwhile: Meanwhile | undefined;

    async function pass(records: readonly InboundRecord[]): Promise<readonly InboundRecord[]> {
      const result = await invoke(definition, records, { ...options, resources });
      outputs.push(...result.outputs.map(written));
      deadLetters.push(...result.deadLetters.map(written));
      filtered += result.filtered;
      return result.undone;
    }

    async function untilDone(records: readonly InboundRecord[]): Promise<void> {
      for (let left = await pass(records); left.length > 0; left = await pass(left)) await sleep(redeliverAfterMs);
    }

    return {
      topic: inlineTopics.source,
      async write(to) {
        queue = [...queue, ...all.filter(isBetween(given, to))];
        given = to;
      },
      async done() {
        await untilDone(queue);
        queue = [];
      },
      async stands(at) {
        queue = await pass(queue);
        const standsAt = given.map(
          (end, partition) => queue.find((record) => record.partition === partition)?.offset ?? end,
        );
        if (`${standsAt}` !== `${at}`) throw new Error(`It stands at ${standsAt}, not at ${at}`);
        meanwhile = { standsAt, deadLetters: deadLetters.length };
      },
      async again() {
        await definition.close(resources);
        resources = await definition.setup(env);
        for (const piece of piecesOf(all.filter(isBetween([], given)))) await untilDone(piece);
      },
      async end() {
        await definition.close(resources);
        return { outputs, deadLetters, filtered, ...(meanwhile && { meanwhile }) };
      },
    };
  },
};

type Offsets = readonly number[];

function isBetween(from: Offsets, to: Offsets): (record: InboundRecord) => boolean {
  return ({ partition, offset }) => offset >= (from[partition] ?? 0) && offset < (to[partition] ?? 0);
}

function piecesOf(records: readonly InboundRecord[]): InboundRecord[][] {
  const groups = Map.groupBy(records, ({ partition, offset }) => `${partition} ${Math.floor(offset / pieceLength)}`);
  return [...groups.values()];
}

/** How many records each partition of a case has. */
export function endsOf({ partitions, records }: DatabaseCase): number[] {
  return Array.from({ length: partitions }, (_, partition) => {
    return records.filter((record) => record.partition === partition).length;
  });
}
