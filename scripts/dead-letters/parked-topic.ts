import type { ParkedKey } from '../../functions/runtime/parking.ts';
import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import { requester, stateKey } from '../../functions/runtime/parking-state.ts';
import type { Target } from '../doctor/target.ts';
import { errorName } from '../support/kafka/broker.ts';
import type { OpenedCluster } from '../support/kafka/cluster-facts.ts';
import { PassingError } from '../support/kafka/fetch-round.ts';
import { type AnsweringCluster, wholeTopic } from '../support/kafka/group-look.ts';
import { rawBatch } from '../support/kafka/raw-records.ts';
import { rawProduce, rawProduceKey } from '../support/kafka/raw-requests.ts';
import { groupsByFunction } from './groups.ts';
import type { Letter } from './letter.ts';
import type { Look } from './look.ts';
import { newPlaceOf, positionsOf } from './outcomes.ts';
import { type LetterTurn, type ParkedEntry, type ParkedRecord, parkedKeysOf, turnsOf } from './parked.ts';
import { plainBody, readBody } from './raw-headers.ts';
import { scan, wholeExtent } from './scan.ts';
import { stateOf } from './select.ts';

/** What was ever parked of the functions of a dead-letter topic; undefined: none of them parks keys. */
export async function readParked(
  cluster: OpenedCluster,
  deadLetters: string,
): Promise<ReadonlyMap<string, ParkedEntry> | undefined> {
  const name = parkedTopicOf(deadLetters);
  const facts = cluster.facts.topics.find((one) => one.name === name);
  if (facts === undefined || facts.error === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
  const topic = wholeTopic(cluster, name);
  const records: ParkedRecord[] = [];
  await scan(topic, cluster.nodes, await wholeExtent(topic, cluster.nodes), (partition, { body }) => {
    const { key, value } = readBody(Buffer.from(body));
    if (key !== null) records.push({ partition, key, value });
  });
  return parkedKeysOf(records);
}

/** The order of what waits, where keys are parked. */
export interface KeyOrder {
  /** Not known to be through: it waits, or was redriven and its group is not past it. */
  isOpen(letter: Letter): boolean;
  /** Its turn; or why its key cannot go back now; undefined: it has no key, or nobody parks it. */
  turnOf(letter: Letter): LetterTurn | string | undefined;
  isCommitted(entry: ParkedEntry, offset: number): boolean;
}

/** How far the functions' groups are tells what may go back: `group` is the one that was named. */
export async function orderOfKeys(
  target: Target,
  cluster: AnsweringCluster,
  look: Look,
  group: string | undefined,
): Promise<KeyOrder> {
  const keyed = look.letters.filter((letter) => letter.keyed !== undefined);
  const places = [
    ...keyed.map((letter) => ({ functionName: letter.cause.functionName, topic: letter.source?.topic ?? '' })),
    ...(look.parked?.values() ?? []),
  ];
  const groupOf = await groupsByFunction(new Set(places.map(({ functionName }) => functionName)), group, target);
  const wanted = new Map<string, Set<string>>();
  for (const { functionName, topic } of places) {
    const own = groupOf(functionName);
    wanted.set(own, (wanted.get(own) ?? new Set()).add(topic));
  }
  const positions = await positionsOf(target, cluster, wanted);
  const committed = (functionName: string, topic: string, partition: number): number =>
    positions.get(groupOf(functionName))?.get(`${topic}/${partition}`) ?? -1;

  const outcomes = new Map(look.outcomes.map((one) => [one.note, one]));
  const noted = (letter: Letter) => {
    const note = look.journal.noteOf(letter);
    return note?.action === 'redriven' ? outcomes.get(note) : undefined;
  };
  const isOpen = (letter: Letter): boolean => {
    const fate = noted(letter)?.fate;
    return stateOf(letter, look.journal) === 'waiting' || fate === 'not yet' || fate === 'unknown';
  };
  const turns = turnsOf(look.letters, isOpen);
  /** By key: the last of its records that has to be committed before any goes back. */
  const ends = new Map<string, number>();
  for (const letter of keyed) {
    const outcome = noted(letter);
    const last = Math.max(letter.source?.offset ?? -1, outcome === undefined ? -1 : newPlaceOf(outcome.note).offset);
    const key = letter.keyed?.key ?? '';
    ends.set(key, Math.max(last, ends.get(key) ?? -1));
  }
  return {
    isOpen,
    turnOf(letter) {
      const { source, cause } = letter;
      const turn = turns.get(`${letter.partition}/${letter.offset}`);
      if (turn === undefined || source === undefined || letter.keyed === undefined) return undefined;
      const end = ends.get(letter.keyed.key) ?? -1;
      if (committed(cause.functionName, source.topic, source.partition) > end) return turn;
      return `its group ${groupOf(cause.functionName)} has not committed past all records of its key that died or were redriven (${source.topic}/${source.partition}/${end}): run this again once it has, or name the group with --group`;
    },
    isCommitted: ({ functionName, topic, partition }, offset) => committed(functionName, topic, partition) > offset,
  };
}

const transactionTimeoutMs = 60_000;

/** Asks the owners of keys to release them. Each does once a record of the key comes, unless it waits for more by then. */
export async function requestReleases(
  cluster: OpenedCluster,
  deadLetters: string,
  entries: readonly ParkedEntry[],
): Promise<void> {
  const topic = wholeTopic(cluster, parkedTopicOf(deadLetters));
  const [any] = cluster.nodes.values();
  if (any === undefined) throw new PassingError('no broker answers');
  const { producerId, producerEpoch, errorCode } = await any.ask('InitProducerId', {
    transactionTimeout: transactionTimeoutMs,
  });
  if (errorCode !== 0) throw new PassingError(errorName(errorCode));
  for (const [partition, list] of Map.groupBy(entries, (entry) => entry.partition)) {
    const leader = cluster.nodes.get(topic.partitions.find((one) => one.partition === partition)?.leader ?? -1);
    if (leader === undefined) throw new PassingError(`${topic.name}/${partition} has no leader that answers`);
    const records = list.map(({ topic: source, functionName, name, last }) => ({
      timestamp: Date.now(),
      body: plainBody(
        stateKey(source, functionName, requester, name),
        Buffer.from(JSON.stringify({ last } satisfies Pick<ParkedKey, 'last'>)),
      ),
    }));
    // Outside of the transactions of a redrive: one that is left open would hide what owners write behind it.
    const batch = rawBatch(records, { producerId: Number(producerId), producerEpoch, firstSequence: 0 });
    const [stored] = await leader.askWith(rawProduceKey, rawProduce, [{ topic: topic.name, partition, batch }]);
    const name = errorName(stored?.errorCode ?? -1);
    if (name !== undefined) throw new PassingError(`${topic.name}/${partition}: ${name}`);
  }
}
