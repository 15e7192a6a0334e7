/**
 * The same loop on the other client in JavaScript that is kept up, with outputs gathered over all partitions, as it can: 500 a
 * `send`, idempotent and acknowledged by all replicas, and a commit every 200 ms. Why it is not what ships: DESIGN.md.
 */
import { Consumer, type Message, ProduceAcks, Producer } from '@platformatic/kafka';
import { type LoopMode, loopWork } from './loop-work.ts';
import { endWithParent } from './tell.ts';

const [brokers = '', source = '', output = '', groupId = '', count = '0', mode = 'echo'] = process.argv.slice(2);
const chunk = 500;
const commitEveryMs = 200;
const base = { clientId: 'bare-loop', bootstrapBrokers: brokers.split(',') };
const producer = new Producer({ ...base, idempotent: true, acks: ProduceAcks.ALL });
const consumer = new Consumer({
  ...{ ...base, groupId, minBytes: 1, maxBytes: 52_428_800, maxBytesPerPartition: 1_048_576, maxWaitTime: 500 },
});
const all = Number(count);
const work = await loopWork(all, mode as LoopMode);
const positions = new Map<number, { topic: string; partition: number; offset: bigint; leaderEpoch: number }>();
let waiting: Message[] = [];
let committedMs = 0;

async function send(): Promise<void> {
  const batch = waiting;
  waiting = [];
  const messages = batch.map(({ key, value, partition }) => {
    return { topic: output, key, partition, value: Buffer.from(work.written(value)) };
  });
  await producer.send({ messages });
  for (const { topic, partition, offset, leaderEpoch } of batch)
    positions.set(partition, { topic, partition, offset: offset + 1n, leaderEpoch });
  if (performance.now() - committedMs > commitEveryMs) {
    committedMs = performance.now();
    await consumer.commit({ offsets: [...positions.values()] });
    positions.clear();
  }
  work.handled(batch.length);
}

endWithParent();
const stream = await consumer.consume({
  topics: [source],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false,
});
for await (const message of stream) {
  waiting.push(message);
  if (waiting.length === chunk || work.total + waiting.length === all) await send();
}
