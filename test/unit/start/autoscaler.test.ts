import { expect, test } from 'vitest';
import type { Downstream, ScalingPolicy } from '../../../infra/scaling/policy.ts';
import { localScaling } from '../../../infra/scaling.ts';
import { createAutoscaler } from '../../../scripts/start/autoscaler.ts';
import type { InstanceState } from '../../../scripts/start/instance.ts';

const policy: ScalingPolicy = {
  ...localScaling,
  ...{ minimum: 2, maximum: 6, recordsPerSecondPerInstance: 100, targetUtilisation: 1 },
  up: { windowSeconds: 2, periodSeconds: 1, maxFactor: 2 },
  down: { windowSeconds: 5, periodSeconds: 1, maxFactor: 3 },
};

/** A group that can be told what to do when: a look is a second. */
function group(instances = 2) {
  const all: { id: number; state: InstanceState; endedAtMs: number | undefined }[] = [];
  const events: string[] = [];
  const now = { ms: 0, arrived: 0, lag: 0, whole: true, downstream: 'healthy' as Downstream, silent: false };
  const add = (state: InstanceState): void => void all.push({ id: all.length + 1, state, endedAtMs: undefined });
  for (let left = instances; left > 0; left -= 1) add('active');
  const alive = () => all.filter(({ endedAtMs }) => endedAtMs === undefined);
  const autoscaler = createAutoscaler({
    policy,
    onEvent: (text) => events.push(text),
    now: () => now.ms,
    group: {
      instances: all,
      whole: () => now.whole,
      add: () => add('starting'),
      remove() {
        const last = alive().findLast(({ state }) => state !== 'leaving');
        if (last) last.state = 'leaving';
      },
      async position() {
        if (now.silent) throw new Error('no broker answers');
        return { committed: [now.arrived - now.lag], lag: now.lag, lagByPartition: [now.lag] };
      },
      downstream: async () => now.downstream,
    },
  });
  return {
    ...{ all, alive, events, now, autoscaler },
    async seconds(count: number, perSecond: number, lag = 0) {
      for (let left = count; left > 0; left -= 1) {
        await autoscaler.look().catch(() => undefined);
        now.ms += 1_000;
        now.arrived += perSecond;
        now.lag = lag;
      }
    },
    /** What was started works, what was stopped is gone. */
    settle() {
      for (const one of alive()) {
        if (one.state === 'leaving') Object.assign(one, { state: 'left', endedAtMs: now.ms });
        else one.state = 'active';
      }
    },
  };
}

const path = (scalings: readonly { from: number; to: number }[]) => scalings.map(({ from, to }) => `${from}>${to}`);

test('a burst scales up by steps and down again, each step once the last has settled', async () => {
  const { autoscaler, alive, all, seconds, settle, events } = group();
  await seconds(4, 100);
  expect(autoscaler.view()).toMatchObject({ instances: 2, wanted: 2, settled: true, scalings: [] });

  await seconds(10, 600);
  expect(path(autoscaler.report().scalings)).toEqual(['2>4']); // the two new ones are still starting
  expect(alive()).toHaveLength(4);
  expect(autoscaler.view()).toMatchObject({ instances: 4, wanted: 6, settled: false });
  settle();
  await seconds(10, 600);
  expect(path(autoscaler.report().scalings)).toEqual(['2>4', '4>6']);
  settle();
  await seconds(4, 600);
  expect(autoscaler.view()).toMatchObject({ instances: 6, settled: true });
  expect(autoscaler.atRest()).toBe(false);

  await seconds(20, 100);
  expect(path(autoscaler.report().scalings)).toEqual(['2>4', '4>6', '6>2']);
  expect(all.filter(({ state }) => state === 'leaving').map(({ id }) => id)).toEqual([3, 4, 5, 6]);
  expect(autoscaler.atRest()).toBe(false);
  settle();
  await seconds(2, 100);
  expect(autoscaler.atRest()).toBe(true);
  expect(autoscaler.report()).toMatchObject({ reversals: 0, replaced: 0, peakLag: 0, policy: 'local' });
  expect(events[0]).toMatch(/^scaled 2 \u2192 4: .*records\/s.*need/);
});

test('a change waits until every partition is owned', async () => {
  const { autoscaler, now, seconds } = group();
  now.whole = false;
  await seconds(10, 600);
  expect(autoscaler.report().scalings).toEqual([]);
  now.whole = true;
  await seconds(1, 600);
  expect(path(autoscaler.report().scalings)).toEqual(['2>4']);
});

test('one that is killed is replaced, and that is no scaling', async () => {
  const { autoscaler, all, alive, seconds, settle, events, now } = group();
  await seconds(3, 100);
  Object.assign(all[0] as object, { state: 'killed', endedAtMs: now.ms });
  await seconds(1, 100);
  expect(alive().map(({ id }) => id)).toEqual([2, 3]);
  settle();
  await seconds(3, 100);
  expect(autoscaler.report()).toMatchObject({ replaced: 1, scalings: [] });
  expect(events).toEqual(['1 of 2 instances is gone: replaced']);
});

test('one is replaced while no broker answers, and nothing is scaled', async () => {
  const { autoscaler, all, alive, seconds, now } = group();
  await seconds(3, 100);
  now.silent = true;
  Object.assign(all[1] as object, { state: 'crashed', endedAtMs: now.ms });
  await seconds(5, 600);
  expect(alive().map(({ id }) => id)).toEqual([1, 3]);
  expect(autoscaler.report().scalings).toEqual([]);
});

test('what dies before it ever works is tried again ever more slowly', async () => {
  const { all, seconds, now } = group();
  for (let second = 0; second < 60; second += 1) {
    for (const one of all.slice(2)) if (one.endedAtMs === undefined) one.state = 'starting';
    await seconds(1, 100);
    for (const one of all.slice(1)) {
      if (one.endedAtMs === undefined) Object.assign(one, { state: 'crashed', endedAtMs: now.ms });
    }
  }
  expect(all.length).toBeGreaterThan(5);
  expect(all.length).toBeLessThan(10);
});

test('nothing is scaled up while what is downstream is degraded', async () => {
  const { autoscaler, now, seconds } = group();
  now.downstream = 'degraded';
  await seconds(10, 600, 50_000);
  expect(autoscaler.report().scalings).toEqual([]);
  expect(autoscaler.view()).toMatchObject({ wanted: 6, reason: expect.stringContaining('degraded') });
});

test('what is under way when it is stopped changes nothing any more', async () => {
  const { autoscaler, alive, seconds } = group();
  await seconds(2, 600);
  const late = autoscaler.look();
  autoscaler.stop();
  await late;
  await seconds(5, 600);
  expect(alive()).toHaveLength(2);
});
