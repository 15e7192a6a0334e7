import { ledgerClient } from '../../test/support/ledger/client.ts';

/** Joins a group with a plain kafkajs consumer of another topic; what it returns leaves again. */
export async function addStranger(
  bootstrapServers: readonly string[],
  groupId: string,
  topic: string,
): Promise<() => Promise<void>> {
  const consumer = ledgerClient(bootstrapServers, { clientId: 'stranger' }).consumer({
    groupId,
    allowAutoTopicCreation: false,
    heartbeatInterval: 1_000,
  });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: false });
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await joined;
  return () => consumer.disconnect();
}
