import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerClient, logBounds, persist } from './client.ts';
import type { CommitSample } from './log.ts';

export interface CommitsOf {
  readonly bootstrapServers: readonly string[];
  readonly groupId: string;
  /** The source topic. */
  readonly topic: string;
}

export interface CommitSampler {
  /** Each change of a partition's committed offset, as first seen. */
  readonly samples: readonly CommitSample[];
  /** Looks that failed: brokers were away. */
  readonly errors: number;
  stop(): Promise<readonly CommitSample[]>;
}

/**
 * Looks at the group's committed offsets over and over, as an outsider sees them. A sample's time is taken after the
 * answer: the commit stood by then. A commit that is soon followed by another may slip through between two looks;
 * `readCommitHistory` misses none.
 */
export function startCommitSampler(options: CommitsOf & { readonly intervalMs?: number }): CommitSampler {
  const { bootstrapServers, groupId, topic, intervalMs = 100 } = options;
  const samples: CommitSample[] = [];
  const known = new Map<number, number>();
  const stopping = new AbortController();
  let errors = 0;

  async function look(admin: Admin): Promise<void> {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const atMs = Date.now();
    for (const { partition, offset } of answer?.partitions ?? []) {
      const committed = Number(offset);
      if (committed === (known.get(partition) ?? -1)) continue;
      known.set(partition, committed);
      samples.push({ atMs, partition, offset: committed });
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A new client after each failure: an old one may hold on to a coordinator that is no more.
      const admin = quickAdmin(bootstrapServers);
      try {
        await admin.connect();
        while (!stopping.signal.aborted) {
          await look(admin);
          await pause(intervalMs, stopping.signal);
        }
        await look(admin);
      } catch {
        errors += 1;
        await pause(intervalMs, stopping.signal);
      } finally {
        await admin.disconnect().catch(() => {});
      }
    }
  }

  const running = run();
  return {
    samples,
    get errors() {
      return errors;
    },
    async stop() {
      stopping.abort();
      await running;
      return samples;
    },
  };
}

/** Waits until the group has committed all that the topic holds now; rejects, saying how far it got, after `timeoutMs`. */
export async function waitUntilCommitted(options: CommitsOf & { readonly timeoutMs?: number }): Promise<void> {
  const { bootstrapServers, groupId, topic, timeoutMs = 60_000 } = options;
  const deadlineMs = Date.now() + timeoutMs;
  const [ends = []] = await logBounds(ledgerClient(bootstrapServers), [topic], deadlineMs);
  for (;;) {
    const committed = await persist(deadlineMs, `the commits of ${groupId}`, async () => {
      const admin = quickAdmin(bootstrapServers);
      try {
        await admin.connect();
        const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
        return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      } finally {
        await admin.disconnect().catch(() => {});
      }
    });
    const behind = ends.flatMap(({ low, high }, partition) => {
      const at = committed.get(partition) ?? -1;
      return low < high && at < high ? [`partition ${partition} at ${at} of ${high}`] : [];
    });
    if (behind.length === 0) return;
    if (Date.now() > deadlineMs) {
      throw new Error(`${groupId} has not committed all of ${topic} within ${timeoutMs} ms: ${behind.join(', ')}`);
    }
    await sleep(50);
  }
}

type Admin = ReturnType<typeof quickAdmin>;

/** A client that fails soon, for callers who try again. */
function quickAdmin(bootstrapServers: readonly string[]) {
  const kafka = ledgerClient(bootstrapServers, { requestTimeout: 2_000, retry: { retries: 1, initialRetryTime: 50 } });
  return kafka.admin();
}

/** Waits, or returns early when told to stop. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
