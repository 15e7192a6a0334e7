import { describe, expect, test } from 'vitest';
import { scaling } from '../../../infra/scaling.ts';
import { measuredCosts } from '../../../scripts/simulate/costs.ts';
import { sweep } from '../../../scripts/simulate/sweep.ts';

const rates = new Float64Array(600).fill(1_000).fill(120_000, 60, 180);
const trace = { name: 'burst', startMs: Date.parse('2026-11-28T00:00:00+05:30'), rates };
const over = (field: string, ...values: number[]) => sweep(scaling, trace, measuredCosts, { field, values });

describe('sweep', () => {
  test('runs each value of a field of the policy, or of the costs', () => {
    const [quick, slow] = over('costs.startUpSeconds', 0, 60);
    expect(slow?.figures.peakLag).toBeGreaterThan(quick?.figures.peakLag ?? 0);
    const [few, many] = over('maximum', 6, 12);
    expect([few?.figures.peakInstances, many?.figures.peakInstances]).toEqual([6, 10]);
  });

  test.each<[field: string, value: number, message: string]>([
    ['maximum', 7, 'maximum=7: maximum: expected a divisor of the 60 partitions'],
    ['maxmum', 6, 'maxmum is no field with a number. There are partitions'],
    ['costs.startUp', 1, 'costs.startUp is no cost. There are recordsPerSecondPerInstance'],
    ['costs.startUpSeconds', -1, 'costs.startUpSeconds: expected a number above 0, not -1'],
    ['costs.recordsPerSecondPerInstance', 0, 'costs.recordsPerSecondPerInstance: expected a number above 0, not 0'],
  ])('refuses %s=%d', (field, value, message) => {
    expect(() => over(field, value)).toThrow(message);
  });
});
