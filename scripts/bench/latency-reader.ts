/**
 * The reader of the latency benchmark, a process of its own as a reader is: it notes how old each record is when it has it
 * in its hands. It reads as our container does, but for a fetch that no broker holds back. Prints one line when it has
 * partitions, begins to count when it is sent a line, and prints one of JSON when it is ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import type { FetchedBatch, GroupListener, GroupMember } from '../../functions/kafka/port.ts';
import { snapshotTime } from './snapshot-time.ts';
import { endWithParent } from './tell.ts';

/** Milliseconds from the timestamp in a snapshot: until its record was sent to the brokers, and until it was read. */
export interface ReadLatencies {
  readonly sentMs: readonly number[];
  readonly readMs: readonly number[];
}

/** Of the first topic, the raw one, only these partitions: a second reader of everything is a load of its own. */
const rawShare = 10;

const [brokers = '', ...topics] = process.argv.slice(2);
let counting = false;
process.stdin.once('data', () => {
  counting = true;
});
endWithParent();
const kafka = kafkajsPort({ brokers: brokers.split(','), clientId: 'bench-reader' });

interface Reading {
  readonly latencies: { sentMs: number[]; readMs: number[] };
  readonly member: GroupMember;
  assigned: boolean;
}

const readings = topics.map((topic) => read(topic));
await Promise.all(readings.map(({ member }) => member.start()));
while (!readings.every(({ assigned }) => assigned)) await sleep(50);
console.log('reading');
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(readings.map(({ latencies }) => latencies))}\n`, () => process.exit(0));
});

function read(topic: string): Reading {
  const latencies = { sentMs: [], readMs: [] };
  const listener: GroupListener = {
    records: (batch) => note(batch, latencies),
    assigned(partitions) {
      reading.assigned = true;
      if (topic === topics[0]) reading.member.pause(partitions.filter((partition) => partition % rawShare !== 0));
    },
    revoked: async () => undefined,
    lost: () => undefined, // it joins again, as any member does
    interrupted: () => undefined,
    stuck: ({ error }) => fail(error),
    denied: ({ name }) => fail(`${name} may not be read`),
    moved: () => fail('records were gone before they were read'),
    unstuck: () => undefined,
  };
  const options = {
    ...{ topic, groupId: `bench-reader-${topic}`, outOfRange: 'stop' as const },
    ...{ sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3_000, rebalanceTimeoutMs: 30_000 },
    ...{ maxWaitMs: 500, minBytes: 1 },
    ...{ maxBytes: 52_428_800, maxBytesPerPartition: 1_048_576, maxBytesPerRound: 52_428_800 },
  };
  const reading: Reading = { latencies, member: kafka.member(options, listener), assigned: false };
  return reading;
}

function note({ records }: FetchedBatch, { sentMs, readMs }: Reading['latencies']): void {
  if (!counting) return;
  const nowMs = Date.now();
  for (const { value, timestamp } of records) {
    const madeMs = snapshotTime(value);
    if (Number.isNaN(madeMs)) fail(`a record does not say when it was made: ${value?.toString('latin1', 0, 200)}`);
    sentMs.push(timestamp - madeMs);
    readMs.push(nowMs - madeMs);
  }
}

function fail(reason: string): void {
  console.error(`bench: the reader cannot go on: ${reason}`);
  process.exit(1);
}
