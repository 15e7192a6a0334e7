import { expect, test } from 'vitest';
import { requester, stateKey } from '../../../functions/runtime/parking-state.ts';
import type { Letter } from '../../../scripts/dead-letters/letter.ts';
import { journalFrom } from '../../../scripts/dead-letters/note.ts';
import { isBehindEnd } from '../../../scripts/dead-letters/outdated.ts';
import { parkedKeysOf, parkedNotesOf, spentRequests } from '../../../scripts/dead-letters/parked.ts';
import { discardLines, parkedLines, standingJson, standingLines } from '../../../scripts/dead-letters/parked-text.ts';
import { standingsOf } from '../../../scripts/dead-letters/standing.ts';
import { planJson, planLines, planUnpark } from '../../../scripts/dead-letters/unpark-plan.ts';
import { discarded, letter } from './letters.ts';

/** Key `a` died at offset 10, and two wait behind it; of `b` nothing is left; `c` was released. */
const noted = (name: string, at: number, last: number, released = false, owner = 'one') => ({
  ...{ partition: 0, key: stateKey('in', 'f', owner, name) },
  value: Buffer.from(
    JSON.stringify(
      owner === requester
        ? { last }
        : { handled: at - 1, last, released, poison: { at, code: 'HANDLER_FAILED', message: 'no' } },
    ),
  ),
});
const notes = parkedNotesOf([
  noted('a', 10, 12),
  noted('b', 20, 20),
  noted('c', 30, 31, true),
  noted('a', 0, 9, false, requester),
  noted('gone', 0, 99, false, requester),
]);
const parked = parkedKeysOf(notes);
const died = (offset: number, at: number, key = 'a', code = 'KEY_PARKED'): Letter =>
  letter({
    ...{ offset, died: [code, 'x'], keyed: { key: `in/0/f/${key}`, offset: at } },
    source: { topic: 'in', partition: 0, offset: at, timestamp: 1 },
  });
const head = died(3, 10, 'a', 'HANDLER_FAILED');
const letters = [died(5, 12), died(4, 11), head, died(6, 50, 'elsewhere')];
const look = (...gone: Letter[]) => ({ notes, parked, letters, journal: journalFrom(gone.map(discarded)) });
const none = new Set<string>();

test('a dead letter says behind which record it waits, and what brings it back', () => {
  const standings = standingsOf(look(), none);
  expect([...standings.keys()]).toEqual(['in/0/f/a', 'in/0/f/b']);
  expect(standingLines('in.dlq', standings, head)).toEqual([
    'parked    its key waits behind it: 0/4, 0/5',
    'to do     mend the cause; then npm run dead-letters -- redrive 0/3 --apply --topic in.dlq brings back all 3 of its key, in order',
  ]);
  expect(standingLines('market.raw.dlq', standings, died(5, 12))).toEqual([
    'parked    behind in/0/10, which died of HANDLER_FAILED: dead letter 0/3',
    'to do     mend the cause; then npm run dead-letters -- redrive 0/5 --apply brings back all 3 of its key, in order',
  ]);
  expect(standingJson(standings, died(5, 12))).toEqual({
    parked: {
      ...{ behind: 'in/0/10', code: 'HANDLER_FAILED', isHead: false, outdated: false, deadLetter: '0/3', waiting: 3 },
    },
  });
  expect(standingLines('in.dlq', standings, died(6, 50, 'elsewhere'))).toEqual([]);
  const after = standingsOf(look(head), none);
  expect(standingLines('in.dlq', after, died(4, 11))[0]).toBe(
    'parked    behind in/0/10, which died of HANDLER_FAILED: dead letter 0/3, discarded',
  );
  expect(parkedLines('in.dlq', standings)).toEqual([
    '2 keys are parked: what comes of them waits here.',
    expect.stringContaining('dead letter'),
    expect.stringMatching(/a +f +in\/0\/10 +HANDLER_FAILED +0\/3 +3$/),
    expect.stringMatching(/b +f +in\/0\/20 +HANDLER_FAILED +- +0$/),
    'Mend the cause, then redrive any of a key: all that waits of it goes back, in order.',
    'Nothing waits of 1 of them: npm run dead-letters -- unpark --apply --topic in.dlq',
  ]);
});

test('a discard says which keys stay parked with something behind, and which go on', () => {
  const standings = standingsOf(look(), none);
  expect(discardLines('in.dlq', standings, [head])).toEqual([
    '1 key stays parked, and 2 records of it wait. They go back in order, without what is discarded:',
    '  npm run dead-letters -- redrive 0/4 --apply --topic in.dlq',
  ]);
  expect(discardLines('in.dlq', standings, [head, died(4, 11), died(5, 12)])).toEqual([
    'Nothing waits of 1 parked key then: released, and what comes next goes on.',
  ]);
  expect(discardLines('in.dlq', standings, [died(6, 50, 'elsewhere')])).toEqual([]);
});

test('what a topic cannot have had is of another one', () => {
  const source = { partitions: 2, extents: new Map([[0, { from: 5, to: 10 }]]) };
  expect([9, 10].map((offset) => isBehindEnd(source, 0, offset))).toEqual([false, true]);
  // Retention deletes from the front; of a partition that did not answer nothing is known.
  expect(isBehindEnd(source, 0, 0)).toBe(false);
  expect(isBehindEnd(source, 1, 1_000)).toBe(false);
  expect(isBehindEnd(source, 2, 0)).toBe(true);
  expect([isBehindEnd('gone', 0, 0), isBehindEnd(undefined, 0, 0)]).toEqual([true, false]);
});

test('unparking forgets what is outdated with all its notes, releases what nothing waits of, and leaves the rest', () => {
  const everything = { key: undefined, functions: [], sources: [] };
  const b = parked.get('in/0/f/b');
  const free = b === undefined ? [] : [b];
  const plan = planUnpark(look(), everything, new Set(['in/0/f/c', 'in/0/f/gone']), free, false);
  expect(planJson(plan)).toMatchObject({
    forgotten: [{ name: 'c' }, { name: 'gone' }],
    released: [{ name: 'b' }],
    left: [{ name: 'a', waiting: 3 }],
  });
  expect(planLines(plan, 0, false).join('\n')).toContain('left as they are: 1 key (a: 3 wait)');
  // By force: the owner's notes, and what this command asked.
  const forced = planUnpark(look(), { ...everything, key: Buffer.from('a') }, none, free, true);
  expect(forced.forget.map(({ isRequest }) => isRequest)).toEqual([false, true]);
  expect(forced).toMatchObject({ release: [], left: [] });
  expect(planLines(forced, 3, true)[0]).toBe('forgotten: 1 key, with 2 notes');
  expect(planUnpark(look(), { ...everything, sources: ['in/1'] }, none, free, true).forget).toEqual([]);
  expect(planUnpark(look(), { ...everything, functions: ['g'] }, none, free, true).forget).toEqual([]);
});

test('what was asked of keys that are not parked any more is taken back', () => {
  expect(spentRequests(notes, parked).map(({ name }) => name)).toEqual(['gone']);
  const released = parkedNotesOf([noted('c', 30, 31, true), noted('c', 0, 31, false, requester)]);
  expect(spentRequests(released, parkedKeysOf(released))).toHaveLength(1);
});

test('an outdated note is told also when it says that its key is released', () => {
  const standings = standingsOf(look(), new Set(['in/0/f/c', 'in/0/f/a']));
  expect(standingLines('in.dlq', standings, died(5, 12))).toEqual([
    'parked    by a note of a topic in that is gone, or was deleted and made again',
    'to do     stop the function; then npm run dead-letters -- unpark --key a --apply --topic in.dlq',
  ]);
  const text = parkedLines('in.dlq', standings).join('\n');
  expect(text).toContain('2 keys have notes of a topic that is gone, or was deleted and made again (in)');
  expect(text).toContain('1 key is parked');
  // A discard releases none of them: that would be asked by offsets of the other topic.
  expect(discardLines('in.dlq', standings, [head])).toEqual([]);
});
