import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';

/** The offsets of one topic, by partition number. */
export interface TopicBounds {
  readonly low: readonly number[];
  /** One past the last record. */
  readonly end: readonly number[];
}

/** Where the group stands in its source topic, by partition number. */
export interface GroupPosition {
  /** The next record that the group will be given: the first one there is, before anything was committed. */
  readonly committed: readonly number[];
  /** The records of each that are not committed yet. */
  readonly lagByPartition: readonly number[];
  /** All of them. */
  readonly lag: number;
}

/** Asks the brokers for offsets. One connection, made anew after a failure. */
export interface OffsetWatch {
  bounds(topic: string): Promise<TopicBounds>;
  position(group: string, topic: string): Promise<GroupPosition>;
  /** How many members the group has now. */
  members(group: string): Promise<number>;
  /** Removes the reader's own groups, as far as the brokers let it. */
  forget(groups: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function createOffsetWatch(kafka: Kafka): OffsetWatch {
  let admin: Promise<Admin> | undefined;

  async function connect(): Promise<Admin> {
    const made = kafka.admin();
    await made.connect();
    return made;
  }

  async function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const used = admin ?? connect();
    admin = used;
    try {
      return await question(await used);
    } catch (error) {
      if (admin === used) admin = undefined;
      used.then((old) => old.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async function bounds(topic: string): Promise<TopicBounds> {
    const partitions = await ask((one) => one.fetchTopicOffsets(topic));
    const low: number[] = [];
    const end: number[] = [];
    for (const { partition, low: first, high } of partitions) {
      low[partition] = Number(first);
      end[partition] = Number(high);
    }
    return { low, end };
  }

  return {
    bounds,
    async position(group, topic) {
      // Commits first: read after the ends, they could be ahead of them.
      const answer = await ask((one) => one.fetchOffsets({ groupId: group, topics: [topic] }));
      const { low, end } = await bounds(topic);
      const committed = [...low];
      for (const { partition, offset } of answer[0]?.partitions ?? []) {
        if (Number(offset) >= 0) committed[partition] = Number(offset);
      }
      const lagByPartition = end.map((last, partition) => Math.max(0, last - (committed[partition] ?? 0)));
      return { committed, lagByPartition, lag: lagByPartition.reduce((sum, one) => sum + one, 0) };
    },
    async members(group) {
      const { groups } = await ask((one) => one.describeGroups([group]));
      return groups[0]?.members.length ?? 0;
    },
    async forget(groups) {
      if (groups.length > 0) await ask((one) => one.deleteGroups([...groups])).catch(() => undefined);
    },
    async close() {
      const open = admin;
      admin = undefined;
      await open?.then((one) => one.disconnect()).catch(() => undefined);
    },
  };
}

/** Asks again until there is an answer: leaders of new topics, and coordinators of new groups, take their time. */
export async function insist<T>(question: () => Promise<T>, signal?: AbortSignal, withinMs = 60_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await question();
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(150);
    }
  }
}
