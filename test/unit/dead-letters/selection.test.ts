import { expect, test } from 'vitest';
import { groupByCause, messageShape } from '../../../scripts/dead-letters/causes.ts';
import { placeOf } from '../../../scripts/dead-letters/letter.ts';
import {
  identityOf,
  journalFrom,
  letterIdentity,
  type Note,
  noteText,
  parseNote,
} from '../../../scripts/dead-letters/note.ts';
import { type Filter, select, stateOf } from '../../../scripts/dead-letters/select.ts';
import { discarded, letter } from './letters.ts';

const everything: Filter = {
  ...{ states: ['waiting'], places: [], codes: [], functions: [], causes: [], sources: [] },
  ...{ key: undefined, sinceMs: undefined, untilMs: undefined },
};
const none = journalFrom([]);

function redriven(of: ReturnType<typeof letter>, offset = 900): Note {
  if (of.source === undefined) throw new Error('it is none');
  return {
    ...{ place: placeOf(of), identity: letterIdentity(of), atMs: 5, by: 'me@here', action: 'redriven' },
    ...{ source: identityOf(of.source), offset, group: 'processor-group' },
  };
}

test.each([
  ['options[12].strike: expected above 0, found -3', 'options[#].strike: expected above #, found #'],
  [`expected 'CE' or "PE", found 'x1'`, "expected '…' or '…', found '…'"],
  ['at 2026-11-23T10:30:00+05:30 it was 1.5e-7', 'at # it was #'],
  ['request 6f1c2d3e-0000-4000-8000-00000000abcd of 0xdeadbeef', 'request # of #'],
  ['deadbeefcafe0 and facade', '# and facade'],
])('%j has the shape %j', (message, shape) => {
  expect(messageShape(message)).toBe(shape);
});

test('groups what died of the same, the most frequent first, with the last one as its example', () => {
  const letters = [
    letter({ offset: 1, diedAtMs: 10, died: ['CONTRACT_VIOLATED', 'options[1].iv: missing'] }),
    letter({ offset: 2, diedAtMs: 30, died: ['HANDLER_FAILED', 'options[1].iv: missing'] }),
    letter({ offset: 3, diedAtMs: 20, died: ['CONTRACT_VIOLATED', 'options[7].iv: missing'] }),
  ];
  expect(groupByCause(letters)).toMatchObject([
    { records: 2, firstAtMs: 10, lastAtMs: 20, example: { offset: 3 }, cause: { code: 'CONTRACT_VIOLATED' } },
    { records: 1, firstAtMs: 30, lastAtMs: 30, example: { offset: 2 }, cause: { code: 'HANDLER_FAILED' } },
  ]);
});

test('each filter chooses, and several choose what fits all of them', () => {
  const letters = [
    letter({ offset: 1 }),
    letter({ offset: 2, isOfKey: true, died: ['DECODE_FAILED', 'empty'] }),
    letter({ partition: 1, offset: 3, source: { topic: 'market.enriched', partition: 7, offset: 3, timestamp: 0 } }),
    letter({ offset: 4, source: undefined, died: ['NOT_A_DEAD_LETTER', 'no code'] }),
  ];
  const chosen = (filter: Partial<Filter>) =>
    select(letters, none, { ...everything, ...filter }).map(({ offset }) => offset);
  expect(chosen({})).toEqual([1, 2, 3, 4]);
  expect(chosen({ places: ['0/1', '1/3', '1/1'] })).toEqual([1, 3]);
  expect(chosen({ codes: ['DECODE_FAILED', 'NOT_A_DEAD_LETTER'] })).toEqual([2, 4]);
  expect(chosen({ functions: ['processor'] })).toEqual([1, 2, 3]);
  expect(chosen({ causes: [letters[1]?.cause.id.slice(0, 5) ?? ''] })).toEqual([2]);
  expect(chosen({ sources: ['market.enriched/7'] })).toEqual([3]);
  expect(chosen({ sources: ['market.raw'] })).toEqual([1, 2]);
  expect(chosen({ key: Buffer.from('13') })).toEqual([2]);
  expect(chosen({ sinceMs: 1_002, untilMs: 1_004 })).toEqual([2, 3]);
  expect(chosen({ sinceMs: 1_002, sources: ['market.raw'] })).toEqual([2]);
});

test('what was redriven waits no more, nor does another dead letter of the same record', () => {
  const first = letter({ offset: 1 });
  const twin = letter({ offset: 2, ...(first.source ? { source: first.source } : {}) });
  const journal = journalFrom([redriven(first)]);
  expect([first, twin].map((one) => stateOf(one, journal))).toEqual(['redriven', 'redriven']);
  expect(journal.twinOf(twin)?.place).toBe('0/1');
  expect(journal.twinOf(first)).toBeUndefined();
});

test('what was discarded waits no more, nor does another dead letter of the same record, unless one was redriven', () => {
  const first = letter({ offset: 1 });
  const twin = letter({ offset: 2, ...(first.source ? { source: first.source } : {}) });
  const unknown = [letter({ offset: 3, source: undefined }), letter({ offset: 4, source: undefined })] as const;
  const states = (...notes: Note[]) => [first, twin, ...unknown].map((one) => stateOf(one, journalFrom(notes)));
  expect(states(discarded(first))).toEqual(['discarded', 'discarded', 'waiting', 'waiting']);
  expect(states(redriven(first), discarded(twin))).toEqual(['redriven', 'discarded', 'waiting', 'waiting']);
  const later = letter({ offset: 6, diedAtMs: 5_001, ...(first.source ? { source: first.source } : {}) });
  expect(stateOf(later, journalFrom([discarded(first)]))).toBe('waiting');
  expect(states(discarded(unknown[0]))).toEqual(['waiting', 'waiting', 'discarded', 'waiting']);
});

test('a note says nothing of what lies at its place since a topic was made anew', () => {
  const old = letter({ offset: 1 });
  const journal = journalFrom([redriven(old)]);
  expect(stateOf(letter({ offset: 1, diedAtMs: 77_000, source: undefined }), journal)).toBe('waiting');
  const source = { topic: 'market.raw', partition: 0, offset: 1, timestamp: 9_999 };
  expect(stateOf(letter({ offset: 5, source }), journal)).toBe('waiting');
});

test('a note reads back as it was written, and nothing else reads as one', () => {
  const note = redriven(letter({ offset: 1 }));
  const thrownAway: Note = { place: '3/4', identity: '-#9', atMs: 9, by: 'me', action: 'discarded', reason: 'ü\n' };
  for (const one of [note, thrownAway]) expect(parseNote(noteText(one))).toEqual(one);
  for (const wrong of [
    '',
    'null',
    '[]',
    '{}',
    noteText(note).replace('redriven', 'eaten'),
    noteText(note).replace('900', '"9"'),
  ]) {
    expect(parseNote(wrong)).toBeUndefined();
  }
});
