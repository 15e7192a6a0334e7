import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOf } from '../../../scripts/dead-letters/letter.ts';
import type { RedriveNote } from '../../../scripts/dead-letters/outcomes.ts';
import { newPlaceOf, outcomesOf } from '../../../scripts/dead-letters/outcomes.ts';
import { planRedrive } from '../../../scripts/dead-letters/plan.ts';
import { letter } from './letters.ts';

const partitionsOf = (topic: string) => ({ 'market.raw': 60, 'market.enriched': 30 })[topic];
const of = (topic: string, partition: number, offset: number) => ({ topic, partition, offset, timestamp: 1 });

test('records of a partition go in their order, whatever the order they died in; each record once', () => {
  const died = fc.record({
    partition: fc.nat(2),
    diedAtMs: fc.nat(50),
    source: fc.record({
      topic: fc.constantFrom('market.raw', 'market.enriched'),
      partition: fc.nat(3),
      offset: fc.nat(20),
      timestamp: fc.constant(1),
    }),
  });
  fc.assert(
    fc.property(fc.array(died, { maxLength: 60 }), (list) => {
      const letters = list.map((one, offset) => letter({ ...one, offset }));
      const plan = planRedrive(letters, 'market.raw.dlq', partitionsOf);
      const last = new Map<string, number>();
      for (const { source } of plan.letters) {
        const place = `${source.topic}/${source.partition}`;
        expect(source.offset).toBeGreaterThan(last.get(place) ?? -1);
        last.set(place, source.offset);
      }
      const places = [...plan.letters.map(placeOf), ...plan.skipped.map(({ place }) => place)];
      expect(places.sort()).toEqual(letters.map(placeOf).sort());
      const records = new Set(list.map(({ source }) => JSON.stringify(source)));
      expect(plan.letters).toHaveLength(records.size);
    }),
  );
});

test('what is of a topic before goes first, then what has a turn, each by its offsets', () => {
  const keyed = (offset: number) => ({ keyed: { key: 'market.raw/0/f/a', offset } });
  const letters = [
    letter({ offset: 1, source: of('market.raw', 0, 5), ...keyed(5) }),
    letter({ offset: 2, source: of('market.raw', 0, 501), ...keyed(501) }),
    letter({ offset: 3, source: of('market.raw', 0, 500), ...keyed(500) }),
    letter({ offset: 4, source: of('market.raw', 0, 9), ...keyed(4) }),
    letter({ offset: 5, source: of('market.raw', 0, 7), hasKey: false }),
  ];
  const plan = planRedrive(letters, 'market.raw.dlq', partitionsOf, ({ keyed: place }) =>
    place === undefined || place.offset >= 500 ? undefined : { offset: place.offset, after: -1 },
  );
  expect(plan.letters.map(({ source }) => source.offset)).toEqual([500, 501, 9, 5, 7]);
});

test('what cannot go back says why', () => {
  const plan = planRedrive(
    [
      letter({ offset: 1, source: undefined, died: ['NOT_A_DEAD_LETTER', 'error.code is missing'] }),
      letter({ offset: 2, source: of('gone', 0, 1) }),
      letter({ offset: 3, source: of('market.enriched', 30, 1) }),
      letter({ offset: 4, source: of('market.raw.dlq', 0, 1) }),
      letter({ offset: 5, source: of('__consumer_offsets', 0, 1) }),
      letter({ offset: 6, source: of('market.raw.dlq.journal', 0, 1) }),
      letter({ offset: 7, source: of('market.raw', 5, 1) }),
      letter({ offset: 8, source: of('market.raw', 5, 1), redrives: 3 }),
    ],
    'market.raw.dlq',
    partitionsOf,
  );
  expect(plan.letters.map(placeOf)).toEqual(['0/7']);
  expect(plan.targets).toEqual([{ topic: 'market.raw', records: 1, partitions: 1 }]);
  expect(plan.again).toBe(0);
  expect(plan.skipped.map(({ reason }) => reason)).toEqual([
    'it is no dead letter: error.code is missing',
    'its topic gone is not there any more',
    'its topic market.enriched has 30 partitions, and no 30',
    'it says that it died in market.raw.dlq, which no function reads',
    'it says that it died in __consumer_offsets, which no function reads',
    'it says that it died in market.raw.dlq.journal, which no function reads',
    'the same record died twice: 0/7 goes',
  ]);
});

test('what became of a record: by where its group is, and by dead letters of where it lies now', () => {
  const note = (offset: number, source = `market.raw/5/${offset}@1`): RedriveNote => ({
    ...{
      place: `0/${offset}`,
      identity: '',
      atMs: 1,
      by: 'me',
      action: 'redriven',
      source,
      offset: offset + 100,
      group: 'g',
    },
  });
  expect(newPlaceOf(note(1, 'a/b/7/1@-1'))).toEqual({ topic: 'a/b', partition: 7, offset: 101 });
  const positions = new Map([['g', new Map([['market.raw/5', 103]])]]);
  const again = letter({ offset: 50, source: of('market.raw', 5, 102) });
  const fates = outcomesOf([note(1), note(2), note(3), note(4, 'market.raw/6/4@1')], positions, [again]);
  expect(fates.map(({ fate }) => fate)).toEqual(['handled', 'dead again', 'not yet', 'unknown']);
  expect(fates[1]?.letter).toBe(again);
});
