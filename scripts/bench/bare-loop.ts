/**
 * The floors of the container benchmark, run as a process of its own: a kafkajs loop as its documentation shows it, that
 * parses, stringifies, produces and commits, and nothing else. `echo` stringifies what it parsed; `enriched` an object of
 * the processor's output, so that it writes as many bytes as we do. Prints one JSON line for the benchmark to read; with a
 * count of 0, as one of several that share a topic, what it says of itself until it is ended.
 */
import { Kafka, logLevel } from 'kafkajs';
import '../../functions/kafka/kafkajs/timer-fix.ts'; // the floor is not to lose by a bug that is known and mended
import { type LoopCost, monotonicUs } from './container.ts';
import { enrichedSamples } from './handler.ts';
import { endWithParent, keepTelling } from './tell.ts';

const [brokers = '', source = '', output = '', group = '', countText = '0', mode = 'echo'] = process.argv.slice(2);
const count = Number(countText);
const chunk = 500; // kafkajs does not split: one partition's messages must stay below the topic's limit
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bare-loop', logLevel: logLevel.NOTHING });
const producer = kafka.producer({
  createPartitioner:
    () =>
    ({ message }) =>
      message.partition ?? 0,
});
const consumer = kafka.consumer({
  groupId: group,
  minBytes: 1_024,
  maxBytes: 52_428_800,
  maxBytesPerPartition: 1_048_576,
  maxWaitTimeInMs: 500,
});
const samples: readonly unknown[] = mode === 'enriched' ? await enrichedSamples(2) : [];
let handled = 0;
let next = 0;
let partitions = 0;
let start: { records: number; cpu: NodeJS.CpuUsage; wallMs: number; fromUs: number } | undefined;

consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  partitions = payload.memberAssignment[source]?.length ?? 0;
});
endWithParent();
if (count === 0) keepTelling(() => ({ partitions, recordsOut: handled }));
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: source, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 3,
  autoCommitInterval: 200,
  eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
    const { messages, partition } = batch;
    for (let from = 0; from < messages.length; from += chunk) {
      const part = messages.slice(from, from + chunk).map(({ key, value }) => ({
        key,
        partition,
        value: stringified(JSON.parse((value ?? Buffer.alloc(0)).toString())),
      }));
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic: output, messages: part }] });
      resolveOffset(messages[Math.min(from + chunk, messages.length) - 1]?.offset ?? '0');
      handled += part.length;
    }
    await commitOffsetsIfNecessary();
    await heartbeat();
    if (count === 0) return;
    // Starting up and the first compilation are not what a record costs.
    if (start === undefined && handled >= count / 10) {
      start = { records: handled, cpu: process.cpuUsage(), wallMs: performance.now(), fromUs: monotonicUs() };
    } else if (start !== undefined && handled >= count) finish(start);
  },
});

function stringified(parsed: unknown): string {
  if (samples.length === 0) return JSON.stringify(parsed);
  next = (next + 1) % samples.length;
  return JSON.stringify(samples[next]);
}

function finish({ records, cpu, wallMs, fromUs }: NonNullable<typeof start>): void {
  const used = process.cpuUsage(cpu);
  const measured: LoopCost = {
    records: handled - records,
    cpuUs: used.user + used.system,
    wallMs: performance.now() - wallMs,
    span: { fromUs, toUs: monotonicUs() },
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
}
