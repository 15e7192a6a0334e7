import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerClient, logBounds, persist } from '../../test/support/ledger/client.ts';

const timeoutMs = 90_000;
const pollMs = 200;

/** Where each partition of a topic ends now. */
export async function endsOf(bootstrapServers: readonly string[], topic: string): Promise<number[]> {
  const [bounds = []] = await logBounds(ledgerClient(bootstrapServers), [topic], Date.now() + timeoutMs);
  return bounds.map(({ high }) => high);
}

/** Waits until each partition of a topic, but those excepted, has taken a record from now on; rejects with the others. */
export async function untilAllMove(
  bootstrapServers: readonly string[],
  topic: string,
  except: readonly number[] = [],
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  const before = await endsOf(bootstrapServers, topic);
  for (;;) {
    const now = await endsOf(bootstrapServers, topic);
    const still = before.flatMap((end, partition) =>
      (now[partition] ?? 0) > end || except.includes(partition) ? [] : [partition],
    );
    if (still.length === 0) return;
    if (Date.now() > deadlineMs) throw new Error(`partitions ${still.join(', ')} do not move after ${timeoutMs} ms`);
    await sleep(pollMs);
  }
}

/** Waits until every replica of these topics is in sync, so that the next loss is the only one. */
export async function untilInSync(bootstrapServers: readonly string[], topics: readonly string[]): Promise<void> {
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    await persist(Date.now() + timeoutMs, `replicas of ${topics.join(', ')} in sync`, async () => {
      const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
      const partitions = metadata.topics.flatMap((topic) => topic.partitions);
      const behind = partitions.filter(({ isr, replicas }) => isr.length < replicas.length);
      if (behind.length > 0) throw new Error(`${behind.length} partitions are not in sync`);
    });
  } finally {
    await admin.disconnect();
  }
}
