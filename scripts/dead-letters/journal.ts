import { setTimeout as delay } from 'node:timers/promises';
import { journalOf, journalSuffix } from '../../infra/topics.ts';
import type { Target } from '../doctor/target.ts';
import { CommandError } from '../support/command.ts';
import type { OpenedCluster, TopicFacts } from '../support/kafka/cluster-facts.ts';
import { wholeTopic, withCluster } from '../support/kafka/group-look.ts';
import { openKafkaTarget } from '../topics/kafka/kafka-target.ts';
import { type Journal, journalFrom, type Note, parseNote } from './note.ts';
import { readBody } from './raw-headers.ts';
import { scan, wholeExtent } from './scan.ts';

/** The name of the journal of a dead-letter topic. */
export function journalName(deadLetters: string): string {
  const name = `${deadLetters}${journalSuffix}`;
  if (name.length <= 249) return name;
  throw new CommandError(`${deadLetters} has too long a name: that of its journal may have 249 characters`);
}

/** All notes that are committed; none where there is no journal yet. */
export async function readJournal(cluster: OpenedCluster, deadLetters: string): Promise<Journal> {
  const facts = cluster.facts.topics.find(({ name }) => name === journalName(deadLetters));
  if (facts === undefined || facts.error === 'UNKNOWN_TOPIC_OR_PARTITION') return journalFrom([]);
  const topic = wholeTopic(cluster, facts.name);
  const notes: Note[] = [];
  await scan(topic, cluster.nodes, await wholeExtent(topic, cluster.nodes), (_partition, { offset, body }) => {
    const note = parseNote(readBody(body).value?.toString() ?? '');
    // What cannot be read may be the note of a redrive: to go on without it could mean doing that twice.
    if (note === undefined) throw new CommandError(`${topic.name}/0/${offset} is no note of this command's`);
    notes.push(note);
  });
  return journalFrom(notes);
}

const settleMs = 10_000;
const dayMs = 86_400_000;
/** By so much notes must outlive their dead letters: a segment of the log is a week long. */
const leastMarginMs = 8 * dayMs;

/**
 * Makes the journal where there is none, and refuses one that would forget a redrive before the dead letter is gone.
 * @throws CommandError
 */
export async function ensureJournal(target: Target, deadLetters: TopicFacts): Promise<void> {
  const name = journalName(deadLetters.name);
  const retention = retentionOf(deadLetters);
  const found = await look(target, name);
  if (found !== undefined) {
    const own = retentionOf(found);
    const policy = found.configs?.['cleanup.policy'] ?? 'delete';
    if (policy !== 'delete' || (own >= 0 && (retention < 0 || own < retention + leastMarginMs))) {
      throw new CommandError(
        `${name} forgets notes while their dead letters are still there, which could be redriven twice: set its cleanup.policy to delete, and its retention.ms to -1`,
      );
    }
    return;
  }
  const declared = journalOf(deadLetters.name, deadLetters.partitions[0]?.replicas.length ?? 1, retention);
  const opened = await openKafkaTarget('', target, []);
  try {
    await opened.create(declared);
    await opened.waitUntilReady([name]);
  } finally {
    await opened.close();
  }
  // Brokers learn of it one after the other.
  for (const until = Date.now() + settleMs; Date.now() < until; await delay(200)) {
    if ((await look(target, name)) !== undefined) return;
  }
  throw new CommandError(`${name} was made, and not all brokers know of it yet: run this again`);
}

function retentionOf({ name, configs }: TopicFacts): number {
  const text = configs?.['retention.ms'];
  if (text === undefined) {
    throw new CommandError(`the settings of ${name} may not be read: grant this user DescribeConfigs on it`);
  }
  return Number(text);
}

async function look(target: Target, name: string): Promise<TopicFacts | undefined> {
  return await withCluster(target, [name], async ({ facts }) => {
    const topic = facts.topics.find((one) => one.name === name);
    return topic?.error === undefined && topic?.partitions[0]?.leader !== -1 ? topic : undefined;
  });
}
