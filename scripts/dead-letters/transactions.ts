import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import { type BrokerConnection, errorName } from '../support/kafka/broker.ts';
import type { OpenedCluster, TopicFacts } from '../support/kafka/cluster-facts.ts';
import { PassingError } from '../support/kafka/fetch-round.ts';
import { type RawRecord, rawBatch } from '../support/kafka/raw-records.ts';
import { rawProduceKey, rawTransactionalProduce } from '../support/kafka/raw-requests.ts';

/** A record to write: its timestamp, and the bytes of its key, value and headers. */
export type Written = Pick<RawRecord, 'timestamp' | 'body'>;

/** Writes records of several topics all at once, or not at all. */
export interface Transactions {
  /**
   * Writes to one partition, and resolves to the offset of the first record once all in-sync replicas have them.
   * Nobody who reads committed records sees them before `commit`.
   */
  write(topic: TopicFacts, partition: number, records: readonly Written[]): Promise<number>;
  /** All that was written since the last commit counts from here on. */
  commit(): Promise<void>;
  /** None of it ever counts. */
  abort(): Promise<void>;
}

/**
 * How long a killed process may leave its last transaction open: so long readers of those partitions wait behind it,
 * unless the command is run again before.
 */
const transactionTimeoutMs = 15_000;
const patienceMs = 30_000;
const chosenMs = 5_000;
/** Above this a record goes compressed: it may have come so, and the topic take no more. */
const largeBytes = 900_000;
const transactionCoordinator = 1;

/** The coordinator is not ready, or not chosen. One that is not it any more is looked for anew, by a new attempt. */
const passing: ReadonlySet<number> = new Set([14, 15]);
const notCoordinator = 16;
const concurrent = 51;
/** Another process has begun under the same name, or the transaction was aborted since it took too long. */
const fenced: ReadonlySet<number> = new Set([47, 48, 49, 90]);

/**
 * Begins under a name: whoever wrote under it before is shut out, and what it had not committed is aborted, before this
 * resolves.
 * @throws PassingError
 * @throws CommandError
 */
export async function openTransactions({ nodes }: OpenedCluster, transactionalId: string): Promise<Transactions> {
  const { coordinator, producerId, producerEpoch } = await begin(nodes, transactionalId);
  const produce = rawTransactionalProduce(transactionalId);
  const sequences = new Map<string, number>();
  const added = new Set<string>();
  const identity = { transactionalId, producerId, producerEpoch };

  async function add(topic: string, partition: number): Promise<void> {
    const place = `${topic}/${partition}`;
    if (added.has(place)) return;
    // The coordinator may still be busy with the end of the transaction before.
    await insistently(transactionalId, async () => {
      const topics = [{ topic, partitions: [partition] }];
      const { errors } = await coordinator.ask('AddPartitionsToTxn', { ...identity, topics });
      return errors.flatMap((one) => one.partitionErrors).find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0;
    });
    added.add(place);
  }

  async function end(commit: boolean): Promise<void> {
    if (added.size === 0) return;
    await insistently(transactionalId, async () => {
      const { errorCode } = await coordinator.ask('EndTxn', { ...identity, transactionResult: commit });
      return errorCode;
    });
    added.clear();
  }

  return {
    async write(topic, partition, records) {
      const place = `${topic.name}/${partition}`;
      const leader = nodes.get(topic.partitions.find((one) => one.partition === partition)?.leader ?? -1);
      if (leader === undefined) throw new PassingError(`${place} has no leader that answers`);
      await add(topic.name, partition);
      const firstSequence = sequences.get(place) ?? 0;
      const epoch = { producerId: Number(producerId), producerEpoch, firstSequence, transactional: true };
      const batch = rawBatch(
        records,
        epoch,
        records.some(({ body }) => body.length > largeBytes),
      );
      const [stored] = await leader.askWith(rawProduceKey, produce, [{ topic: topic.name, partition, batch }]);
      if (stored === undefined || stored.errorCode !== 0) {
        throw refusal(stored?.errorCode ?? -1, transactionalId, place, batch.length);
      }
      sequences.set(place, firstSequence + records.length);
      return stored.baseOffset;
    },
    commit: () => end(true),
    abort: () => end(false),
  };
}

async function findCoordinator(
  nodes: ReadonlyMap<number, BrokerConnection>,
  transactionalId: string,
): Promise<BrokerConnection> {
  const [any] = nodes.values();
  if (any === undefined) throw new PassingError('no broker answers');
  let nodeId = -1;
  await insistently(transactionalId, async () => {
    const answer = await any.ask('GroupCoordinator', {
      groupId: transactionalId,
      coordinatorType: transactionCoordinator,
    });
    nodeId = answer.coordinator.nodeId;
    return answer.errorCode;
  });
  const coordinator = nodes.get(nodeId);
  if (coordinator === undefined) throw new PassingError(`broker ${nodeId}, which keeps the transactions, is away`);
  return coordinator;
}

interface Begun {
  readonly coordinator: BrokerConnection;
  readonly producerId: string;
  readonly producerEpoch: number;
}

async function begin(nodes: ReadonlyMap<number, BrokerConnection>, transactionalId: string): Promise<Begun> {
  const until = Date.now() + chosenMs;
  for (;;) {
    const coordinator = await findCoordinator(nodes, transactionalId);
    const begun: Begun[] = [];
    await insistently(transactionalId, async () => {
      const asked = { transactionalId, transactionTimeout: transactionTimeoutMs };
      const { errorCode, producerId, producerEpoch } = await coordinator.ask('InitProducerId', asked);
      // One that has just been chosen may not know of it yet: it is looked up again.
      if (errorCode === notCoordinator && Date.now() < until) return 0;
      begun.push({ coordinator, producerId, producerEpoch });
      return errorCode;
    });
    const last = begun.at(-1);
    if (last !== undefined) return last;
    await delay(200);
  }
}

async function insistently(transactionalId: string, ask: () => Promise<number>): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const code = await ask();
    if (code === 0) return;
    if ((code !== concurrent && !passing.has(code)) || Date.now() > until) throw refusal(code, transactionalId);
    await delay(code === concurrent ? 20 : 200);
  }
}

function refusal(code: number, transactionalId: string, place?: string, bytes?: number): Error {
  const name = errorName(code) ?? String(code);
  if (fenced.has(code)) {
    return new CommandError(
      `another run of this command on the same topic has begun, or this one stood still for ${transactionTimeoutMs / 1_000} s (${name}): this one ends here. What it had not finished, it has not done; run it again once the other is through`,
    );
  }
  if (/AUTHORIZATION_FAILED/.test(name)) {
    const on = place === undefined ? `transactional id ${transactionalId}` : `topic ${place.split('/')[0]}`;
    return new CommandError(`this user may not write (${name}): grant it Describe and Write on ${on}`);
  }
  if (place !== undefined && /TOO_LARGE|INVALID_TIMESTAMP|INVALID_RECORD/.test(name)) {
    return new CommandError(
      `${place} does not take a batch of ${bytes} bytes (${name}): change the settings of its topic, or leave the record out`,
    );
  }
  return new PassingError(place === undefined ? name : `${place}: ${name}`);
}
