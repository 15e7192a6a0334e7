import { describe, expect, test } from 'vitest';
import { poolSizes } from '../../../functions/database/open.ts';
import type { ScalingPolicy } from '../../../infra/scaling/policy.ts';
import { mostInstances } from '../../../infra/scaling/targets/lag-threshold.ts';
import { provisionedPollers } from '../../../infra/scaling/targets/pollers.ts';
import {
  analyticsFunctionScaling,
  analyticsScaling,
  databaseConnections,
  databasePools,
  lookoutConnections,
  rolloutFactor,
  storageFunctionScaling,
  storageScaling,
} from '../../../infra/scaling.ts';

const { all, ...shares } = databaseConnections;

describe('the connections of the database', () => {
  test('are shared out with a fifth left for people, migrations and others', () => {
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(0.8 * all);
  });

  test('are counted with the pools that instances have', () => {
    expect(poolSizes.function).toBe(databasePools.function);
    expect(poolSizes.container).toBeGreaterThanOrEqual(Math.max(databasePools.storage, databasePools.analytics));
  });

  test.each<['storage' | 'analytics', ScalingPolicy]>([
    ['storage', storageScaling],
    ['analytics', analyticsScaling],
  ])('are enough for as many instances of %s as its policy starts, rolling out', (name, policy) => {
    const used = mostInstances(policy) * rolloutFactor * (databasePools[name] + lookoutConnections);
    expect(used).toBeLessThanOrEqual(shares[name]);
  });

  test.each<['storage' | 'analytics', ScalingPolicy]>([
    ['storage', storageFunctionScaling],
    ['analytics', analyticsFunctionScaling],
  ])('are enough for five calls of %s a poller', (name, policy) => {
    const used = provisionedPollers(policy).MaximumPollers * 5 * (databasePools.function + lookoutConnections);
    expect(used).toBeLessThanOrEqual(shares[name]);
    expect(provisionedPollers(policy).MaximumPollers).toBeGreaterThan(0);
  });
});
