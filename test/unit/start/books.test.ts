import { expect, test } from 'vitest';
import { type Books, balance, type Entries, kept } from '../../../scripts/start/books.ts';
import { databaseText, uncountedBooks } from '../../../scripts/start/database-books.ts';
import { saysItWaits } from '../../../scripts/start/instance.ts';

type Change = Omit<Partial<Entries>, 'counts'> & { readonly fed?: number; readonly enriched?: number };

function entries({ fed = 100, enriched = 98, ...rest }: Change = {}): Entries {
  const counts = { fed, enriched, deadLettered: 2, deadByCode: {}, duplicates: 7, foreign: 1 };
  return { counts, unaccounted: 0, acknowledged: 100, filtered: 0, lag: 0, ...rest };
}

test('the books balance when all that was fed is accounted for; duplicates do no harm', () => {
  expect(balance(entries())).toEqual({ lost: 0, balanced: true });
  expect(balance(entries({ enriched: 90, filtered: 8, unaccounted: 8 }))).toEqual({ lost: 0, balanced: true });
});

test.each<[string, Change, number]>([
  ['with lag', { lag: 1 }, 0],
  ['with a record that is still to do', { enriched: 97, lag: 1 }, 0],
  ['with a record that was committed and not done', { enriched: 97, unaccounted: 1 }, 1],
  ['with a record that was acknowledged and is not in the topic', { fed: 99, enriched: 97 }, 1],
  ['with nothing fed', { fed: 0, enriched: 0, acknowledged: 0 }, 0],
  ['with more outputs than records', { enriched: 99 }, 0],
])('the books do not balance %s', (_, change, lost) => {
  expect(balance(entries(change))).toEqual({ lost, balanced: false });
});

test('a run has not kept its promise that never came back to rest, or left records when nobody ended it', () => {
  const books = (balanced: boolean, lost = 0) => ({ balanced, lost }) as Books; // all that is read of them
  expect(kept(books(true), false, true)).toBe(true);
  expect(kept(books(true), false, false)).toBe(false);
  expect(kept(books(false), false, true)).toBe(false);
  expect(kept(books(false), true, true)).toBe(true);
  expect(kept(books(false, 1), true, true)).toBe(false);
});

test('an instance waits for downstream when it says that, not when it is degraded for another reason', () => {
  expect(saysItWaits({ status: 'degraded', reasons: ['topic out cannot be written'], waitsForDownstream: true })).toBe(
    true,
  );
  expect(saysItWaits({ status: 'degraded', reasons: ['partition 3 stands still'], waitsForDownstream: false })).toBe(
    false,
  );
  expect([null, 'text', {}].map(saysItWaits)).toEqual([false, false, false]);
});

test('books whose tables cannot be counted do not balance, lose nothing, and say why', () => {
  const database = uncountedBooks('There is no primary to write to.', []);
  expect(balance(entries({ database }))).toEqual({ lost: 0, balanced: false });
  expect(databaseText(database)).toEqual([
    'The snapshots in the tables could not be counted. There is no primary to write to.',
  ]);
});
