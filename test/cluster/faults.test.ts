import { describe, expect, inject, test } from 'vitest';
import { openCluster } from '../../infra/cluster/cluster.ts';
import { judgeOutcomes } from '../../scripts/faults/judgement.ts';
import { offsetsOutOfRange } from '../../scripts/faults/offsets-out-of-range.ts';
import type { Outcome } from '../../scripts/faults/outcome.ts';
import { runOnce } from '../../scripts/faults/run.ts';
import type { Conditions, Scenario } from '../../scripts/faults/scenario.ts';
import { stranger } from '../../scripts/faults/stranger.ts';
import { startGuard } from '../../scripts/start/guard.ts';
import { buildTestBundle } from '../support/mutants.ts';
import { shippedBundle } from '../support/pipeline.ts';

const conditions: Conditions = { sessionTimeoutMs: 6_000, rate: 200, instances: 2 };
const promised = { doubled: 0 };

/** An orderly leave, as in the command's longer scenarios. */
const leave: Scenario = {
  name: 'leave',
  summary: 'One of two instances leaves.',
  promised: () => promised,
  async run({ members, crew, mark, rest }) {
    mark('SIGTERM');
    await members[0]?.stop();
    await crew.settled();
    await rest(500);
  },
};

async function run(bundle: string, scenario = leave): Promise<Outcome> {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  const guard = startGuard(bundle, false);
  try {
    // The timer hardly ever commits: only the drain does.
    const env = { KAFKA_COMMIT_INTERVAL_MS: '20000' };
    return await runOnce({
      ...{ ...conditions, scenario, application: 'container', cluster, bundle, partitions: 4, backlog: 0, guard, env },
    });
  } finally {
    guard.dismiss();
  }
}

describe.concurrent('the fault suite', () => {
  test('an orderly leave: every promise holds, and its times are measured', async () => {
    const outcome = await run(await shippedBundle());
    expect(judgeOutcomes([outcome], promised).broken).toEqual([]);
    expect(outcome.exits.filter(({ ms }) => ms !== undefined)).toHaveLength(2);
    expect(outcome.counts.inputs).toBeGreaterThan(400);
    expect(outcome.silenceMs).toBeGreaterThan(0);
    expect(outcome.peakMb).toBeGreaterThan(30);
    const owners = new Set(outcome.story.spans.filter(({ partition }) => partition === 0).map(({ member }) => member));
    expect(owners.size).toBeGreaterThan(0);
  });

  test('a leave without a drain is found', async () => {
    const bundle = await buildTestBundle({
      fault: {
        file: 'functions/hosts/container/host.ts',
        find: 'if (lanes.size === 0) return;\n    const startedMs',
        replace: 'if (lanes.size >= 0) return clear();\n    const startedMs',
      },
    });
    try {
      const outcome = await run(bundle.path);
      expect(outcome.doubled).toBeGreaterThan(0);
      expect(judgeOutcomes([outcome], promised).broken).toContain(
        `repeat 1: ${outcome.doubled} doubled, 0 promised at most`,
      );
    } finally {
      bundle.remove();
    }
  });

  test('offsets out of range: their partitions stand still, and what was removed is all that is gone', async () => {
    const outcome = await run(await shippedBundle(), offsetsOutOfRange);
    expect(judgeOutcomes([outcome], promised).broken).toEqual([]);
    expect(outcome.counts.filtered).toBeGreaterThan(10);
  });

  test('a member that reads another topic gets no partition of ours', async () => {
    const outcome = await run(await shippedBundle(), stranger);
    expect(judgeOutcomes([outcome], promised).broken).toEqual([]);
    expect(outcome.notices.join()).toContain('The group is shared');
  });
});
