import type { Target } from '../doctor/target.ts';
import { CommandError } from '../support/command.ts';
import { insist, type Tell } from '../support/insist.ts';
import type { OpenedCluster } from '../support/kafka/cluster-facts.ts';
import { wholeTopic, withCluster } from '../support/kafka/group-look.ts';
import { createPace } from '../support/pace.ts';
import { readBodies } from './bodies.ts';
import { journalName, readJournal } from './journal.ts';
import { placeOf } from './letter.ts';
import { identityOf, letterIdentity, type Note, noteText } from './note.ts';
import type { Redrivable } from './plan.ts';
import { plainBody } from './raw-headers.ts';
import { wholeExtent } from './scan.ts';
import { openTransactions, type Transactions, type Written } from './transactions.ts';

/** How to go about it. */
export interface Manner {
  readonly rate: number;
  readonly by: string;
  /** The group whose function a record died in. */
  readonly groupOf: (letter: Redrivable) => string;
  /** Ends the work behind the transaction at hand. */
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** Called at each step of each transaction: for tests, which end the process there. */
  readonly reached?: (step: 'sent' | 'noted' | 'committed') => void;
}

/** What became of a plan. */
export interface Redriven {
  /** Of the records that were redriven now. */
  readonly notes: readonly (Note & { action: 'redriven' })[];
  /** Places of dead letters that retention had deleted by then. */
  readonly gone: readonly string[];
  /** How many an earlier or another run had seen to. */
  readonly before: number;
  /** How many are left, since it was interrupted. */
  readonly left: number;
}

/** Under this name a topic's dead letters are redriven and discarded, by one process at a time. */
export function transactionalIdOf(deadLetters: string): string {
  return `hft-dead-letters.${deadLetters}`;
}

const mostRecords = 100;
const mostBytes = 1_048_576;
const progressMs = 2_000;

/**
 * Redrives dead letters in their order. Each transaction has records and the notes that they were redriven: so both count
 * or neither does, wherever this is interrupted, and what is noted is not done again.
 * @throws CommandError
 */
export async function redrive(target: Target, letters: readonly Redrivable[], manner: Manner): Promise<Redriven> {
  const { signal, tell } = manner;
  const name = target.deadLetterTopic;
  const topics = [name, journalName(name), ...new Set(letters.map(({ source }) => source.topic))];
  const notes: (Note & { action: 'redriven' })[] = [];
  const gone = new Set<string>();
  const mine = new Set<string>();
  let left = letters;
  let toldAt = Date.now();
  const pace = createPace(manner.rate, signal);
  await insist(
    (progressed) =>
      withCluster(target, topics, async (cluster) => {
        const transactions = await openTransactions(cluster, transactionalIdOf(name));
        // Read only now: whatever ran under that name before has committed or never will.
        const journal = await readJournal(cluster, name);
        // A commit whose answer was lost is found here.
        const known = new Set(notes.map(({ place }) => place));
        for (const note of journal.notes) {
          if (note.action === 'redriven' && mine.has(note.place) && !known.has(note.place)) {
            notes.push(note);
          }
        }
        left = left.filter((letter) => journal.noteOf(letter) === undefined && journal.twinOf(letter) === undefined);
        const held = await wholeExtent(wholeTopic(cluster, name), cluster.nodes);
        while (left.length > 0 && !signal.aborted) {
          const chunk = nextChunk(left, manner.rate);
          const present = chunk.filter(({ partition, offset }) => offset >= (held.get(partition)?.from ?? 0));
          for (const letter of chunk) if (!present.includes(letter)) gone.add(placeOf(letter));
          for (const letter of present) mine.add(placeOf(letter));
          const done = await transact(cluster, name, transactions, present, manner).catch(async (error) => {
            // Left open, it would hold up the readers of its partitions until it times out.
            await transactions.abort().catch(() => undefined);
            throw error;
          });
          notes.push(...done);
          left = left.slice(chunk.length);
          progressed();
          if (Date.now() - toldAt > progressMs && left.length > 0) {
            tell(`${notes.length} redriven, ${left.length} to go`);
            toldAt = Date.now();
          }
          await pace(done.length);
        }
      }),
    tell,
  );
  const before = letters.length - notes.length - gone.size - left.length;
  return { notes, gone: [...gone], before, left: left.length };
}

/** The next letters: not more than a fifth of a second's, and not more bytes than a request should have. */
function nextChunk(letters: readonly Redrivable[], rate: number): Redrivable[] {
  const most = Math.min(mostRecords, Math.max(1, Math.ceil(rate / 5)));
  let bytes = 0;
  let count = 0;
  for (const letter of letters.slice(0, most)) {
    bytes += letter.bytes;
    if (count > 0 && bytes > mostBytes) break;
    count += 1;
  }
  return letters.slice(0, count);
}

async function transact(
  cluster: OpenedCluster,
  name: string,
  transactions: Transactions,
  letters: readonly Redrivable[],
  { by, groupOf, reached }: Manner,
): Promise<(Note & { action: 'redriven' })[]> {
  if (letters.length === 0) return [];
  const bodies = await readBodies(cluster, wholeTopic(cluster, name), letters);
  const atMs = Date.now();
  const notes: (Note & { action: 'redriven' })[] = [];
  for (const together of Map.groupBy(letters, ({ source }) => `${source.topic}/${source.partition}`).values()) {
    const [first] = together;
    if (first === undefined) continue;
    const { topic, partition } = first.source;
    const records = together.map((letter): Written => {
      const body = bodies.get(placeOf(letter));
      if (body === undefined)
        throw new CommandError(`${name}/${placeOf(letter)} is not there any more: run this again`);
      // Not its own: with one that is older than the topic's retention it could be deleted before anybody has read it.
      return { timestamp: atMs, body };
    });
    const base = await transactions.write(wholeTopic(cluster, topic), partition, records);
    for (const [index, letter] of together.entries()) {
      notes.push({
        ...{ place: placeOf(letter), identity: letterIdentity(letter), atMs, by, action: 'redriven' },
        ...{ source: identityOf(letter.source), offset: base + index, group: groupOf(letter) },
      });
    }
  }
  reached?.('sent');
  await transactions.write(wholeTopic(cluster, journalName(name)), 0, notes.map(noteRecord));
  reached?.('noted');
  await transactions.commit();
  reached?.('committed');
  return notes;
}

/** A note as a record: its key is the place. */
export function noteRecord(note: Note): Written {
  return { timestamp: note.atMs, body: plainBody(Buffer.from(note.place), Buffer.from(noteText(note))) };
}
