import { test } from 'vitest';
import { loseCoordinator } from '../support/broker-loss.ts';

test('the broker that coordinates the group is killed under load: two others do, and then it comes back', {
  timeout: 240_000,
}, async ({ annotate }) => {
  await annotate(await loseCoordinator((cluster, id) => cluster.kill(id)));
});
