import { heartbeatIntervalMs, inFlight, takeOverMs } from './conditions.ts';
import { networkOf, type Scenario } from './scenario.ts';

const cutMs = 20_000;

export const cutOff: Scenario = {
  name: 'cut-off',
  summary: 'One instance is cut off from all brokers for 20 s: no packet comes through, no connection is closed.',
  behindProxy: true,
  promised: (conditions) => ({
    doubled: inFlight(conditions),
    recoveredMs: conditions.sessionTimeoutMs + heartbeatIntervalMs + takeOverMs,
  }),
  async run(stage) {
    const { members, crew, mark, rest } = stage;
    const [victim] = members;
    const untilMs = Date.now() + cutMs;
    mark('cut off');
    const heal = networkOf(stage).trouble({ client: victim?.client ?? '', delayMs: Number.POSITIVE_INFINITY });
    victim?.discount();
    await crew.settled();
    await rest(untilMs - Date.now());
    mark('connected');
    heal();
    victim?.count();
    await crew.settled();
    await rest(2_000);
  },
};

export const cutOffOne: Scenario = {
  name: 'cut-off-one',
  summary: 'One instance is cut off for 20 s from one broker, not the coordinator: others lead what others own.',
  behindProxy: true,
  promised: (conditions) => ({ doubled: inFlight(conditions) }),
  async run(stage) {
    const { members, cluster, coordinator, allMove, mark, rest } = stage;
    const [victim] = members;
    const coordinating = await coordinator();
    const broker = cluster.brokers.find(({ id }) => id !== coordinating)?.id ?? 1;
    mark(`cut off from broker ${broker}`);
    const heal = networkOf(stage).trouble({
      client: victim?.client ?? '',
      brokers: [broker],
      delayMs: Number.POSITIVE_INFINITY,
    });
    await rest(cutMs);
    mark('connected');
    heal();
    await allMove();
    await rest(2_000);
  },
};
