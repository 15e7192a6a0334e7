import type { BatchRange } from '../../../functions/kafka/wire/fetched-batches.ts';
import type { InflateBudget } from '../../../functions/kafka/wire/inflate.ts';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';
import { CommandError } from '../command.ts';
import { printable } from '../words.ts';
import { type BrokerConnection, errorName } from './broker.ts';
import type { TopicFacts } from './cluster-facts.ts';
import { byLeader } from './offsets.ts';
import { type RawFetch, readRawBatches, responseBudget } from './raw-records.ts';
import { rawFetch, rawFetchKey } from './raw-requests.ts';

type Nodes = ReadonlyMap<number, BrokerConnection>;

/** Something that may be better when it is tried again: a leader moved, a broker is away. */
export class PassingError extends Error {}

/** What is not wanted of a fetch. */
export interface FetchBounds {
  /** By partition: records from this offset on are left unread. */
  readonly ends?: ReadonlyMap<number, number>;
  /** Most bytes of a partition; a broker sends the first batch of a response whole, however few these are. */
  readonly partitionBytes?: number;
  /** One for all responses, in place of one for each. */
  readonly budget?: InflateBudget;
}

const megabyte = 1_048_576;
const responseBytes = 8_388_608;
const readCommitted = 1;

/**
 * One round of fetches, each broker asked once for all its partitions: what came, by partition. Records of a transaction
 * come once it is decided. `whenGone` says what to do about an offset that the topic does not hold any more.
 * @throws PassingError
 * @throws CommandError when something cannot be read, with the partition and the reason
 */
export async function fetchRound(
  topic: TopicFacts,
  nodes: Nodes,
  positions: ReadonlyMap<number, number>,
  maxWaitMs: number,
  whenGone = 'Run this again',
  bounds: FetchBounds = {},
): Promise<Map<number, RawFetch>> {
  const perBroker = await Promise.all(
    [...byLeader(topic, nodes)].map(async ([broker, led]) => {
      // In another order each time: a response has room for the first of them.
      const asked = led.flatMap((partition) => {
        const offset = positions.get(partition);
        return offset === undefined ? [] : [{ partition, offset }];
      });
      asked.sort(() => Math.random() - 0.5);
      return asked.length === 0 ? [] : await fetchFrom(broker, topic.name, asked, maxWaitMs, whenGone, bounds);
    }),
  );
  return new Map(perBroker.flat());
}

async function fetchFrom(
  broker: BrokerConnection,
  topic: string,
  positions: readonly { readonly partition: number; readonly offset: number }[],
  maxWaitMs: number,
  whenGone: string,
  { ends, partitionBytes = megabyte, budget = responseBudget() }: FetchBounds,
): Promise<[partition: number, fetched: RawFetch][]> {
  const response = await broker.askWith(rawFetchKey, rawFetch, {
    ...{ topic, positions, maxWaitMs, minBytes: 1, maxBytes: responseBytes, maxBytesPerPartition: partitionBytes },
    ...{ isolationLevel: readCommitted, rackId: '' },
  });
  if (response.errorCode !== 0) throw new PassingError(errorName(response.errorCode));
  return response.partitions.map((answer) => {
    const { partition, errorCode } = answer;
    const offset = positions.find((one) => one.partition === partition)?.offset ?? 0;
    const name = errorName(errorCode);
    if (name === 'OFFSET_OUT_OF_RANGE') {
      throw new CommandError(
        `${topic}/${partition} does not hold offset ${offset} any more: its retention was quicker than this. ${whenGone}`,
      );
    }
    if (name !== undefined) throw new PassingError(`${topic}/${partition}: ${name}`);
    return [partition, read(response.bytes, answer, { topic, partition }, offset, ends?.get(partition), budget)];
  });
}

function read(
  bytes: Buffer,
  range: BatchRange,
  where: { topic: string; partition: number },
  offset: number,
  until: number | undefined,
  budget: InflateBudget,
): RawFetch {
  try {
    return readRawBatches(bytes, range, where, offset, until, budget);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CommandError(
      printable(`${where.topic}/${where.partition} cannot be read at ${offset}: ${error.message}`),
    );
  }
}
