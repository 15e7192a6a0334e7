/**
 * The application that a team would write on kafkajs alone, as its documentation shows it: work inside `eachBatch`,
 * `autoCommit`, `sendBatch`, defaults otherwise. It gives its outputs what the ledger judges by (the key, the partition,
 * a `source` header), and says in its log which partitions it has.
 */
import { Kafka, logLevel } from 'kafkajs';
import '../../functions/kafka/kafkajs/timer-fix.ts'; // it is not to lose by a bug that is known and mended

const setting = (name: string): string => process.env[name] ?? '';
const log = (msg: string, fields: object = {}): void =>
  void process.stdout.write(`${JSON.stringify({ level: 30, time: new Date().toISOString(), ...fields, msg })}\n`);

const kafka = new Kafka({
  clientId: `processor-${setting('INSTANCE_ID')}`, // by it a proxy knows whose packets these are
  brokers: setting('KAFKA_BOOTSTRAP_SERVERS').split(','),
  logLevel: logLevel.NOTHING,
});
const topic = setting('SOURCE_TOPIC');
const producer = kafka.producer();
const consumer = kafka.consumer({
  groupId: setting('KAFKA_GROUP_ID'),
  sessionTimeout: Number(setting('KAFKA_SESSION_TIMEOUT_MS')),
});
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  const partitions = payload.memberAssignment[topic] ?? [];
  log('Assigned partitions', { partitions, count: partitions.length });
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    log('Shutting down: the consumer disconnects');
    await consumer.disconnect();
    await producer.disconnect();
    process.exit(0);
  });
}

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  eachBatch: async ({ batch: { partition, messages } }) => {
    const outputs = messages.map(({ key, value, offset, headers }) => ({
      key,
      partition,
      value: JSON.stringify(JSON.parse(String(value))),
      headers: { ...headers, source: `${topic}/${partition}/${offset}` },
    }));
    await producer.sendBatch({ topicMessages: [{ topic: setting('OUTPUT_TOPIC'), messages: outputs }] });
  },
});
