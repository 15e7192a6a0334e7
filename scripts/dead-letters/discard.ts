import type { Target } from '../doctor/target.ts';
import { insist, type Tell } from '../support/insist.ts';
import { wholeTopic, withCluster } from '../support/kafka/group-look.ts';
import { journalName, readJournal } from './journal.ts';
import { type Letter, placeOf } from './letter.ts';
import { letterIdentity, type Note } from './note.ts';
import { noteRecord, transactionalIdOf } from './redrive.ts';
import { openTransactions } from './transactions.ts';

const together = 1_000;

/**
 * Notes that dead letters are discarded: a record of a log cannot be deleted by itself, so it stays there until its
 * retention ends, and is neither listed nor redriven. Resolves to how many were noted; those that another run has seen to
 * meanwhile are left alone.
 * @throws CommandError
 */
export async function discard(
  target: Target,
  letters: readonly Letter[],
  { reason, by, tell }: { reason: string; by: string; tell: Tell },
): Promise<number> {
  const name = target.deadLetterTopic;
  const mine = new Set<string>();
  return await insist(
    (progressed) =>
      withCluster(target, [name, journalName(name)], async (cluster) => {
        // The same name as a redrive's: neither goes on once the other has begun.
        const transactions = await openTransactions(cluster, transactionalIdOf(name));
        const journal = await readJournal(cluster, name);
        const left = letters.filter((letter) => journal.noteOf(letter) === undefined);
        for (let at = 0; at < left.length; at += together) {
          const notes = left.slice(at, at + together).map((letter): Note => {
            mine.add(placeOf(letter));
            const identity = letterIdentity(letter);
            return { place: placeOf(letter), identity, atMs: Date.now(), by, action: 'discarded', reason };
          });
          await transactions.write(wholeTopic(cluster, journalName(name)), 0, notes.map(noteRecord));
          await transactions.commit();
          progressed();
        }
        return mine.size;
      }),
    tell,
  );
}
