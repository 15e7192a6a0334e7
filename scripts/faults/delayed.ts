import { networkOf, type Scenario } from './scenario.ts';

const delayMs = 300;
const forMs = 12_000;

export const delayed: Scenario = {
  name: 'delayed',
  summary: 'Every packet between one instance and the brokers comes 300 ms late, each way, for 12 s.',
  behindProxy: true,
  promised: () => ({ doubled: 0, silenceMs: 4_000 }),
  async run(stage) {
    const { members, mark, rest } = stage;
    mark('packets come late');
    const heal = networkOf(stage).trouble({ client: members[0]?.client ?? '', delayMs });
    await rest(forMs);
    mark('and no more');
    heal();
    await rest(2_000);
  },
};
