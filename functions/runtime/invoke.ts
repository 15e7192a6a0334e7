import type { FunctionDefinition, InboundRecord, Logger } from './contract.ts';
import { dispatch, type PartitionBatch } from './dispatch.ts';
import { createMetrics } from './metrics.ts';
import { withParking } from './park-keys.ts';
import type { OutboundHeader, OutboundRecord, Publisher } from './publisher.ts';
import { createScheduler } from './scheduler.ts';
import { silentLogger } from './testing.ts';
import { headersOf } from './wire-headers.ts';

/** A record that the function would have published. Values are bytes, as a reader of the topic would get them. */
export interface PublishedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** With the runtime's own: `source` of an output, `error.*` of a dead letter. */
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
}

/** What became of the records: every one of them is in one of these four. */
export interface InvokeResult {
  /** In the order in which they were published. */
  readonly outputs: readonly PublishedRecord[];
  readonly deadLetters: readonly PublishedRecord[];
  /** How many were handled and led to no output. */
  readonly filtered: number;
  /** Left undone, to be delivered again: a dependency was down, or the time was over. */
  readonly undone: readonly InboundRecord[];
}

export interface InvokeOptions<Resources> {
  /** What `setup` would return. Default: `setup` is called, and `close` after it. */
  readonly resources?: Resources;
  /** What `setup` gets. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** When what is not done is left undone. Default: 10 s. */
  readonly timeoutMs?: number;
  /** How long a record waits for a dependency that is down, before it and those behind it are left undone. Default: 0. */
  readonly dependencyPatienceMs?: number;
  /** Partitions of the output and of the dead-letter topic. Default: 60, and 12. */
  readonly outputPartitions?: number;
  readonly deadLetterPartitions?: number;
  /** The largest output, with its headers. Default: 1 MB, as the topics of the pipeline have it. */
  readonly maxRecordBytes?: number;
  /** Topics that take nothing, as while their brokers are down: what needs them is left undone at the timeout. */
  readonly unwritable?: readonly ('outputs' | 'deadLetters')[];
  readonly log?: Logger;
}

const defaults = { timeoutMs: 10_000, outputPartitions: 60, deadLetterPartitions: 12, maxRecordBytes: 1_048_448 };
const maxOutstanding = 2_000;

/**
 * Runs records through a function as the hosts would, without any server: order, retries with their waits, dead letters
 * and deadlines are the runtime's own, only the topics are lists. For tests of a handler.
 * @example const { outputs } = await invoke(processor, [createRecord({ value: '{...}' })]);
 */
export async function invoke<Resources>(
  definition: FunctionDefinition<Resources>,
  records: readonly InboundRecord[],
  options: InvokeOptions<Resources> = {},
): Promise<InvokeResult> {
  const { timeoutMs, outputPartitions, deadLetterPartitions, maxRecordBytes } = { ...defaults, ...options };
  const { unwritable = [] } = options;
  const outputs = memoryTopic(
    { topic: definition.output ?? '', partitionCount: outputPartitions, maxRecordBytes },
    !unwritable.includes('outputs'),
  );
  const deadLetters = memoryTopic(
    { topic: definition.deadLetters, partitionCount: deadLetterPartitions, maxRecordBytes: Number.POSITIVE_INFINITY },
    !unwritable.includes('deadLetters'),
  );
  const parked = memoryTopic({ topic: '', partitionCount: 0, maxRecordBytes: Number.POSITIVE_INFINITY }, true);
  const parking = definition.park ? { publisher: parked.publisher, read: async () => 0 } : undefined;
  const metrics = createMetrics();
  const made = 'resources' in options ? undefined : await definition.setup?.(options.env ?? process.env);
  const resources = (options.resources ?? made) as Resources; // without a setup, Resources is undefined
  const batches = byPartition(records);
  const endsAtMs = Date.now() + timeoutMs;
  const { partitions } = await dispatch(
    {
      definition: withParking(definition, parking, definition.output === undefined ? undefined : outputs.publisher),
      resources,
      outputs: definition.output === undefined ? undefined : outputs.publisher,
      deadLetters: deadLetters.publisher,
      scheduler: createScheduler(),
      metrics,
      log: options.log ?? silentLogger,
      maxOutstanding,
      dependencyPatienceMs: options.dependencyPatienceMs ?? 0,
    },
    batches,
    { stopAtMs: endsAtMs, abortAtMs: endsAtMs },
  );
  if (made !== undefined) await definition.close?.(resources);
  return {
    outputs: outputs.records,
    deadLetters: deadLetters.records,
    filtered: metrics.recordsFiltered,
    undone: batches.flatMap((batch, index) => {
      const firstUndone = partitions[index]?.firstUndone ?? Number.POSITIVE_INFINITY;
      return batch.records.filter(({ offset }) => offset >= firstUndone);
    }),
  };
}

function byPartition(records: readonly InboundRecord[]): PartitionBatch[] {
  const groups = Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`);
  return [...groups.values()].map((group) => {
    const { topic, partition } = group[0] as InboundRecord; // a group has at least one
    return { topic, partition, records: group.toSorted((a, b) => a.offset - b.offset) };
  });
}

type TopicFacts = Pick<Publisher, 'topic' | 'partitionCount' | 'maxRecordBytes'>;

/**
 * A topic that keeps what it is given, and acknowledges it a moment later, as a broker would; or, unless it is writable,
 * says after the first record that it takes none, as a publisher does that goes on trying.
 */
function memoryTopic(facts: TopicFacts, writable: boolean) {
  const records: PublishedRecord[] = [];
  let degraded = false;
  const publisher: Publisher = {
    ...facts,
    full: false,
    get degraded() {
      return degraded;
    },
    publish(partition, record, _bytes, receipt) {
      if (writable) records.push({ topic: facts.topic, partition, ...inBytes(record) });
      queueMicrotask(() => {
        if (writable) receipt.acknowledged();
        else degraded = true;
      });
    },
    cancel: () => undefined,
  };
  return { records, publisher };
}

function inBytes({
  key,
  value,
  headers,
  wireHeaders,
}: OutboundRecord): Pick<PublishedRecord, 'key' | 'value' | 'headers'> {
  const earlier = wireHeaders === undefined ? [] : Object.entries(headersOf(wireHeaders));
  const entries = [...earlier, ...Object.entries(headers)].map(
    ([name, one = null]): [string, PublishedRecord['headers'][string]] => [
      name,
      isList(one) ? one.map(bytesOf) : bytesOf(one),
    ],
  );
  return { key, value: bytesOf(value), headers: Object.fromEntries(entries) };
}

function isList(value: OutboundHeader): value is readonly (Buffer | string | null)[] {
  return Array.isArray(value);
}

function bytesOf(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
