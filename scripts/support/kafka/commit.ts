import { setTimeout as delay } from 'node:timers/promises';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import type { Api } from 'kafkajs/src/protocol/requests/index.js';
import { type BrokerConnection, errorName } from './broker.ts';

/** What the brokers said of a commit that they did not take. */
export class CommitRefusedError extends Error {
  /** Kafka's name, such as `UNKNOWN_MEMBER_ID`. */
  readonly reason: string;
  /** The partitions that were refused: all, unless the brokers took some. */
  readonly partitions: readonly number[];

  constructor(reason: string, partitions: readonly number[]) {
    super(`the brokers refused the commit: ${reason}`);
    this.reason = reason;
    this.partitions = partitions;
  }
}

/** That the coordinator is not ready, or not the one any more: worth another try. */
const passing = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE'];
const patienceMs = 5_000;
const noGeneration = -1;

/** An offset to commit, and up to 4 KB of text to keep with it. */
export interface Commit {
  readonly offset: number;
  readonly metadata?: string;
}

/**
 * Commits offsets for a group that has no members: as nobody's, which the coordinator itself refuses (UNKNOWN_MEMBER_ID)
 * once there is a member. So nothing can join between a check and this.
 * @throws CommitRefusedError
 */
export async function commitForEmptyGroup(
  coordinator: BrokerConnection,
  groupId: string,
  topic: string,
  offsets: ReadonlyMap<number, number | Commit>,
): Promise<void> {
  const partitions = [...offsets].map(([partition, commit]) =>
    typeof commit === 'number'
      ? { partition, offset: String(commit) }
      : { ...commit, partition, offset: String(commit.offset) },
  );
  await insistently(async () => {
    const answer = await coordinator.ask('OffsetCommit', {
      ...{ groupId, groupGenerationId: noGeneration, memberId: '' },
      topics: [{ topic, partitions }],
    });
    return answer.responses.flatMap((response) => response.partitions);
  });
}

/**
 * Deletes committed offsets of a group that does not read the topic now, as if they had never been.
 * @throws CommitRefusedError
 */
export async function deleteCommits(
  coordinator: BrokerConnection,
  groupId: string,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  await insistently(async () => {
    const { errorCode, topics } = await coordinator.askWith(offsetDeleteKey, offsetDelete, {
      groupId,
      topic,
      partitions,
    });
    if (errorCode !== 0) return partitions.map((partition) => ({ partition, errorCode }));
    return topics.flatMap((one) => one.partitions);
  });
}

async function insistently(ask: () => Promise<{ partition: number; errorCode: number }[]>): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const refused = (await ask()).filter(({ errorCode }) => errorCode !== 0);
    const reason = errorName(refused[0]?.errorCode);
    if (reason === undefined) return;
    if (!passing.includes(reason) || Date.now() > until) {
      throw new CommitRefusedError(
        reason,
        refused.map(({ partition }) => partition),
      );
    }
    await delay(200);
  }
}

interface OffsetDeleteArguments {
  readonly groupId: string;
  readonly topic: string;
  readonly partitions: readonly number[];
}

interface OffsetDeleteAnswer {
  readonly errorCode: number;
  readonly topics: { partitions: { partition: number; errorCode: number }[] }[];
}

const offsetDeleteKey = 47;

/** OffsetDelete, version 0 (Kafka 2.4). https://kafka.apache.org/protocol#The_Messages_OffsetDelete */
const offsetDelete: Api<OffsetDeleteArguments, OffsetDeleteAnswer> & { readonly versions: number[] } = {
  versions: [0],
  protocol: () => (args) => ({
    request: {
      ...{ apiKey: offsetDeleteKey, apiVersion: 0, apiName: 'OffsetDelete' },
      encode: async () =>
        new Encoder()
          .writeString(args.groupId)
          .writeArray([new Encoder().writeString(args.topic).writeArray(args.partitions)]),
    },
    response: {
      decode: async (raw) => {
        const decoder = new Decoder(raw);
        const errorCode = decoder.readInt16();
        decoder.readInt32(); // throttle time
        const topics = decoder.readArray((one) => {
          one.readString();
          return {
            partitions: one.readArray((each) => ({ partition: each.readInt32(), errorCode: each.readInt16() })),
          };
        });
        return { errorCode, topics };
      },
    },
  }),
};
