import { describe, expect, test } from 'vitest';
import { scaling, storageScaling } from '../../../infra/scaling.ts';
import { readState } from '../../../scripts/infra/options.ts';
import { measuredCosts } from '../../../scripts/simulate/costs.ts';
import { readCosts, readSweep, readTrace } from '../../../scripts/simulate/options.ts';
import { momentOption } from '../../../scripts/support/moment.ts';

describe('options of simulate and infra', () => {
  test('are read', () => {
    expect(readSweep('down.windowSeconds=60,300')).toEqual({ field: 'down.windowSeconds', values: [60, 300] });
    expect(readCosts({ 'start-up': '20s', 'records-per-second': '5000' }, scaling)).toEqual({
      ...measuredCosts,
      startUpSeconds: 20,
      recordsPerSecondPerInstance: 5_000,
    });
    expect(readCosts({}, scaling)).toEqual(measuredCosts);
    // Nobody's storage does what the processor does.
    expect(readCosts({}, storageScaling).recordsPerSecondPerInstance).toBe(600);
    expect(readCosts({ 'records-per-second': '5' }, storageScaling).recordsPerSecondPerInstance).toBe(5);
    const { rates, startMs } = readTrace(undefined, '2026-11-25T00:00+05:30', '2');
    expect(startMs).toBe(Date.parse('2026-11-24T18:30:00Z'));
    expect(rates[0]).toBe(2 * (readTrace(undefined, undefined, '1').rates[0] ?? 0));
    expect(readState({ lag: '9', rate: '5', at: '2026-11-26T09:10Z' }, scaling)).toMatchObject({
      lag: { total: 9, worstPartition: null },
      ratePerSecond: 5,
      instances: 2,
      downstream: 'healthy',
    });
  });

  test.each<[what: string, read: () => unknown, message: string]>([
    ['a sweep without a number', () => readSweep('maximum=x'), 'takes a field and up to 50 numbers'],
    ['a sweep without values', () => readSweep('maximum='), 'takes a field and up to 50 numbers'],
    ['a date', () => momentOption('at', '2026-11-26'), '--at takes a time such as'],
    ['a day that is none', () => momentOption('at', '2026-13-26T09:00Z'), 'is a time that does not exist'],
    [
      'a day after the last',
      () => momentOption('at', '2026-02-30T09:10+05:30'),
      "--at '2026-02-30T09:10+05:30' is a time",
    ],
    ['a scale of 0', () => readTrace(undefined, undefined, '0'), '--scale takes a number above 0'],
    [
      'a file that is not there',
      () => readTrace('/nowhere.csv', undefined, '1'),
      'cannot read the trace /nowhere.csv (ENOENT)',
    ],
    ['a time without unit', () => readCosts({ 'start-up': '20' }, scaling), '--start-up takes a duration'],
    ['a worst above all', () => readState({ lag: '5', worstPartition: '6' }, scaling), 'a whole number from 0 to 5'],
    ['another state', () => readState({ downstream: 'slow' }, scaling), "healthy or degraded, not 'slow'"],
  ])('%s is refused', (_, read, message) => {
    expect(read).toThrow(message);
  });
});
