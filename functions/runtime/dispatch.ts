import type { InboundRecord } from './contract.ts';
import { createLane } from './lane.ts';
import type { Lane, LaneRuntime } from './lane-contract.ts';

/** Records of one partition, in offset order. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly InboundRecord[];
}

/** What became of a partition's records: all done, or undone from this offset on. */
export interface PartitionResult {
  readonly topic: string;
  readonly partition: number;
  /** The first record that is not done. It and all after it must be delivered again. */
  readonly firstUndone: number | undefined;
}

export interface DispatchResult {
  readonly partitions: readonly PartitionResult[];
  /** Something was still in flight when the time was over: what was published may or may not be stored. */
  readonly timedOut: boolean;
}

export interface DispatchOptions {
  /** When to hand out nothing more (`Date.now()`), and when to tell handlers to stop and give up what is in flight. */
  readonly stopAtMs: number;
  readonly abortAtMs: number;
}

const wakeIntervalMs = 500;

type Shared<Resources> = Omit<LaneRuntime<Resources>, 'mayWork' | 'confirmedAtMs' | 'onProgress'>;

/**
 * Takes a finite set of records through the outcome table: each partition in its own lane, until all are done, a
 * dependency is down, or the time is over. The function host's way through the runtime, and that of a test.
 */
export async function dispatch<Resources>(
  shared: Shared<Resources>,
  batches: readonly PartitionBatch[],
  { stopAtMs, abortAtMs }: DispatchOptions,
): Promise<DispatchResult> {
  const ended = Promise.withResolvers<void>();
  const startedMs = Date.now();
  let timedOut = false;
  const runtime: LaneRuntime<Resources> = {
    ...shared,
    mayWork: () => !timedOut,
    // Whoever calls has handed them out just now, and to nobody else before we have answered.
    confirmedAtMs: () => startedMs,
    onProgress() {
      if (lanes.every((lane) => lane.ended)) ended.resolve();
    },
  };
  const lanes: Lane[] = batches.map(({ partition }) => createLane(runtime, partition));
  for (const [index, { records }] of batches.entries()) lanes[index]?.push(records, 0);
  runtime.onProgress?.();

  const waker = setInterval(() => {
    for (const lane of lanes) lane.wake();
  }, wakeIntervalMs);
  const stopper = setTimeout(() => {
    for (const lane of lanes) void lane.stop();
    runtime.onProgress?.();
  }, stopAtMs - Date.now());
  const aborter = setTimeout(() => {
    timedOut = true;
    for (const lane of lanes) if (!lane.ended) lane.abort('the deadline passed');
    ended.resolve();
  }, abortAtMs - Date.now());
  await ended.promise;
  clearInterval(waker);
  clearTimeout(stopper);
  clearTimeout(aborter);
  return { partitions: batches.map((batch, index) => resultOf(batch, lanes[index])), timedOut };
}

function resultOf({ topic, partition, records }: PartitionBatch, lane: Lane | undefined): PartitionResult {
  const position = lane?.position ?? Number.NEGATIVE_INFINITY;
  return { topic, partition, firstUndone: records.find((record) => record.offset >= position)?.offset };
}
