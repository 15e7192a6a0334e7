import { describe, expect, test } from 'vitest';
import { noHistory } from '../../../infra/scaling/decide.ts';
import type { ScalingState } from '../../../infra/scaling/policy.ts';
import { scaling } from '../../../infra/scaling.ts';
import { type Explanation, explain } from '../../../scripts/infra/explain.ts';
import { explainText } from '../../../scripts/infra/text.ts';

const state = (over: Partial<ScalingState>): ScalingState => ({
  nowMs: Date.parse('2026-11-26T20:00:00+05:30'),
  instances: 2,
  lag: { total: 0, worstPartition: null },
  ratePerSecond: 0,
  downstream: 'healthy',
  history: noHistory,
  ...over,
});
const of = (target: Explanation['target'], over: Partial<ScalingState>): Explanation => {
  const found = explain(scaling, state(over)).find((one) => one.target === target);
  if (found === undefined) throw new Error(`nothing is said of ${target}`);
  return found;
};
const lagOf = (total: number) => ({ total, worstPartition: null });

describe('explain', () => {
  test('does the arithmetic of KEDA: ceil, next divisor, partitions, bounds, behaviour', () => {
    expect(of('keda', { lag: lagOf(100_000), instances: 6 })).toEqual({
      target: 'keda',
      instances: 10,
      because: [
        'lag trigger: ceil(100000 / 15000) = 7, next divisor of 60: 10',
        'rate trigger: ceil(0 handled/s / 15000) = 0, which its query snaps to 2',
        'the largest is 10, within 2 to 12: 10',
        'once it has been so for 10 s',
      ],
    });
    const huge = of('keda', { lag: lagOf(1_500_000), instances: 4 });
    expect(huge.instances).toBe(8);
    expect(huge.because[0]).toBe(
      'lag trigger: ceil(1500000 / 15000) = 100, no more than the 60 partitions, next divisor of 60: 60',
    );
    expect(huge.because).toContain(
      'from 4 no further than 8 in 15 s; shares are uneven meanwhile, 8 is no divisor of 60',
    );
    expect(of('keda', { instances: 10 })).toMatchObject({
      instances: 5,
      because: expect.arrayContaining(['from 10 no further than 5 in 60 s', 'once it has been so for 300 s']),
    });
  });

  test('says that an HPA lets a tenth more or less be', () => {
    expect(of('keda', { instances: 11, lag: lagOf(170_000) })).toMatchObject({
      instances: 11,
      because: expect.arrayContaining(['within a tenth of 11, which an HPA takes for the same']),
    });
  });

  test('counts the rate that is handled, since that is what Prometheus sees', () => {
    expect(of('keda', { instances: 2, ratePerSecond: 200_000 }).because[1]).toBe(
      'rate trigger: ceil(40000 handled/s / 15000) = 3, which its query snaps to 3',
    );
  });

  test('opens the cron triggers of a market day, and says that cron knows no holidays', () => {
    const opening = { nowMs: Date.parse('2026-11-26T09:10:00+05:30') };
    expect(of('keda', opening)).toMatchObject({
      instances: 4,
      because: expect.arrayContaining([expect.stringContaining('pre-open')]),
    });
    const holiday = { nowMs: Date.parse('2026-11-24T09:10:00+05:30') };
    expect(of('local', holiday)).toMatchObject({
      instances: 2,
      because: expect.arrayContaining(['2026-11-24 in Asia/Kolkata: holiday']),
    });
    expect(of('keda', holiday).because.join('\n')).toContain('(a holiday, which cron does not know)');
    expect(of('hpa', opening)).toMatchObject({
      instances: 2,
      because: expect.arrayContaining([expect.stringContaining('knows no calendar')]),
    });
    expect(of('local', { nowMs: Date.parse('2027-01-26T09:10:00+05:30') }).because.at(-1)).toContain(
      'no holidays are declared for 2027',
    );
  });

  test('holds the local autoscaler while downstream is degraded, and says how to hold KEDA', () => {
    const degraded = { downstream: 'degraded', instances: 4, ratePerSecond: 100_000 } as const;
    expect(of('local', degraded)).toMatchObject({
      instances: 4,
      because: expect.arrayContaining(['wanted in the end: 10']),
    });
    expect(of('keda', degraded).because.at(-1)).toContain('autoscaling.keda.sh/paused-replicas=4');
    expect(of('pollers', degraded)).toMatchObject({ instances: null });
  });

  test('reads as text', () => {
    const now = state({ lag: lagOf(100_000), instances: 6 });
    const text = explainText('prod', scaling, now, explain(scaling, now));
    expect(text).toContain(
      'processor: 6 instances, lag 100000, 0 records/s, downstream healthy, 2026-11-26 20:00 Asia/Kolkata',
    );
    expect(text).toMatch(/^KEDA {14}goes to 10$/m);
    expect(text).toMatch(/^HPA without KEDA {2}goes to 10$/m);
    expect(text).toMatch(/^local autoscaler {2}goes to 3, with --policy prod$/m);
    expect(text).toMatch(/^Lambda pollers {4}as the service decides$/m);
  });
});
