/**
 * The floors of the container benchmark, run as a process of its own: a kafkajs loop as its documentation shows it, that
 * parses, stringifies, produces and commits, and nothing else. Prints one JSON line for the benchmark to read; with a count of
 * 0, as one of several that share a topic, what it says of itself until it is ended.
 */
import { Kafka, logLevel } from 'kafkajs';
import '../../functions/kafka/kafkajs/timer-fix.ts'; // the floor is not to lose by a bug that is known and mended
import { type LoopMode, loopWork } from './loop-work.ts';
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
  minBytes: 1,
  maxBytes: 52_428_800,
  maxBytesPerPartition: 1_048_576,
  maxWaitTimeInMs: 500,
});
const work = await loopWork(count, mode as LoopMode);
let partitions = 0;

consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  partitions = payload.memberAssignment[source]?.length ?? 0;
});
endWithParent();
if (count === 0) keepTelling(() => ({ partitions, recordsOut: work.total }));
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: source, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 3,
  autoCommitInterval: 200,
  eachBatch: async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
    const { messages, partition } = batch;
    for (let from = 0; from < messages.length; from += chunk) {
      const part = messages
        .slice(from, from + chunk)
        .map(({ key, value }) => ({ key, partition, value: work.written(value) }));
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic: output, messages: part }] });
      resolveOffset(messages[Math.min(from + chunk, messages.length) - 1]?.offset ?? '0');
      // At once: once others join, what follows throws, and kafkajs commits this all the same.
      work.handled(part.length);
    }
    await commitOffsetsIfNecessary();
    await heartbeat();
  },
});
