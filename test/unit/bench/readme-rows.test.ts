import { expect, test } from 'vitest';
import { readmeRows } from '../../../scripts/bench/readme-rows.ts';

const small = { contracts: 2, inputBytes: 500, outputBytes: 1_500, handlerUs: 2.84, floorUs: 7.1, ratio: 0.4 };

test('what the handler allocates stands below what it costs', () => {
  const handler = [
    { ...small, allocatedBytes: 1_024, floorAllocatedBytes: 4_096 },
    { ...small, contracts: 160, handlerUs: 96, floorUs: 241, allocatedBytes: 10_240, floorAllocatedBytes: 51_200 },
  ];
  expect(readmeRows({ handler })).toEqual([
    '| handler, 2 contracts | 2.8 us | 7.1 us, `JSON.parse` + `JSON.stringify` of the same bytes | 0.40 |',
    "| what it allocates of V8's heap | 1.00 KB | 4.00 KB, the same | 0.25 |",
    '| handler, 160 contracts | 96 us | 241 us, `JSON.parse` + `JSON.stringify` of the same bytes | 0.40 |',
    "| what it allocates of V8's heap | 10.00 KB | 50.00 KB, the same | 0.20 |",
  ]);
});

test('parts that were not measured have no rows', () => {
  expect(readmeRows({})).toEqual([]);
  expect(
    readmeRows({ memory: { backlog: 1_000_000, peakMb: 217.4, firstHalfPeakMb: 200, secondHalfPeakMb: 217.4 } }),
  ).toEqual(['| memory of an instance, backlog of 1,000,000 | 217 MB | 300 MB is the aim |  |']);
});
