import { describe, expect, test } from 'vitest';
import { measureStandstill } from '../../../scripts/faults/standstill.ts';

const every = (stepMs: number, fromMs: number, toMs: number): number[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => fromMs + index * stepMs);

describe('measureStandstill', () => {
  test('takes the longest gap of any partition, and counts recovery from the fault', () => {
    const movements = [
      every(100, 0, 20_000),
      [...every(100, 0, 4_900), ...every(100, 16_000, 20_000)],
      [...every(100, 0, 4_900), ...every(100, 9_000, 20_000)],
    ];
    expect(measureStandstill(movements, movements, [{ atMs: 5_000, text: 'kill' }], 20_000)).toEqual({
      silenceMs: 11_100,
      recoveredMs: 11_000,
      partition: 1,
    });
  });

  test('recovery is the end of the last standstill, not of the longest', () => {
    const movements = [[...every(100, 0, 5_000), ...every(100, 9_000, 10_000), ...every(100, 12_000, 15_000)]];
    const { silenceMs, recoveredMs } = measureStandstill(
      movements,
      movements,
      [{ atMs: 5_000, text: 'fault' }],
      15_000,
    );
    expect({ silenceMs, recoveredMs }).toEqual({ silenceMs: 4_000, recoveredMs: 7_000 });
  });

  test('a standstill belongs to the fault that was there when it began', () => {
    const movements = [[...every(100, 0, 2_000), ...every(100, 5_000, 9_000), ...every(100, 11_000, 15_000)]];
    const marks = [
      { atMs: 2_050, text: 'first' },
      { atMs: 4_900, text: 'second, while it still stood' },
      { atMs: 9_000, text: 'third' },
    ];
    expect(measureStandstill(movements, movements, marks, 15_000)).toMatchObject({
      silenceMs: 3_000,
      recoveredMs: 2_950,
    });
  });

  test('a broker that is back for a while before it holds anything up is a fault of its own', () => {
    const movements = [[...every(100, 0, 2_000), ...every(100, 3_500, 13_400), ...every(100, 14_600, 18_000)]];
    const marks = [
      { atMs: 2_050, text: 'it stops' },
      { atMs: 5_000, text: 'it starts' },
    ];
    const back = { atMs: 13_000, text: 'it is back' };
    expect(measureStandstill(movements, movements, marks, 18_000).recoveredMs).toBe(9_600);
    expect(measureStandstill(movements, movements, [...marks, back], 18_000).recoveredMs).toBe(1_600);
  });

  test('what was over before the first fault, or began after the end, does not count', () => {
    const movements = [[0, 5_000, ...every(100, 5_100, 9_000), 20_000]];
    expect(measureStandstill(movements, movements, [{ atMs: 6_000, text: 'fault' }], 8_500)).toEqual({
      silenceMs: 100,
      recoveredMs: 0,
      partition: 0,
    });
  });

  test('a partition that had not moved yet is silent since its first record', () => {
    const [arrivals, movements] = [[every(100, 1_000, 9_000)], [every(100, 7_000, 9_000)]];
    const marks = [{ atMs: 2_000, text: 'fault' }];
    expect(measureStandstill(arrivals, movements, marks, 9_000)).toMatchObject({
      silenceMs: 6_000,
      recoveredMs: 5_000,
    });
  });
});
