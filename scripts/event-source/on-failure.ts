import type { Kafka, Producer } from 'kafkajs';
import type { InvokeResult } from './environment.ts';
import { type EventFrame, eventOf, type QueuedRecord } from './payload.ts';

/** Where records go that were given up. */
export interface Destination {
  send(records: readonly QueuedRecord[], condition: string, result: InvokeResult | undefined): Promise<void>;
  close(): Promise<void>;
}

/** What the mapping says of itself in what it sends. */
export interface Sender {
  readonly frame: EventFrame;
  readonly functionArn: string;
}

/** A Kafka topic as the on-failure destination: one message for what was given up together, in the service's form. */
export async function kafkaDestination(kafka: Kafka, topic: string, sender: Sender): Promise<Destination> {
  const producer: Producer = kafka.producer({ idempotent: true });
  await producer.connect();
  return {
    async send(records, condition, result) {
      const [first] = records;
      if (first === undefined) return;
      const value = JSON.stringify({
        requestContext: { functionArn: sender.functionArn, condition },
        responseContext: responseOf(result),
        version: '1.0',
        timestamp: new Date().toISOString(),
        KafkaBatchInfo: { batchSize: records.length, bootstrapServers: sender.frame.bootstrapServers.join(',') },
        payload: JSON.parse(eventOf(records, sender.frame)),
      });
      await producer.send({ topic, messages: [{ key: `${first.record.topic}-${first.record.partition}`, value }] });
    },
    close: () => producer.disconnect(),
  };
}

function responseOf(result: InvokeResult | undefined): object {
  const common = { statusCode: 200, executedVersion: '$LATEST' };
  return result === undefined || result.kind === 'response' ? common : { ...common, functionError: 'Unhandled' };
}
