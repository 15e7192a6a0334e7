import { heartbeatIntervalMs, inFlight, takeOverMs } from './conditions.ts';
import type { Scenario } from './scenario.ts';

const frozenMs = 20_000;

export const frozen: Scenario = {
  name: 'frozen',
  summary: 'SIGSTOP of one instance for 20 s, then SIGCONT: a zombie that still believes it owns its partitions.',
  promised: (conditions) => ({
    doubled: inFlight(conditions),
    recoveredMs: conditions.sessionTimeoutMs + heartbeatIntervalMs + takeOverMs,
  }),
  async run({ members, crew, mark, rest }) {
    const [victim] = members;
    const untilMs = Date.now() + frozenMs;
    mark('SIGSTOP');
    victim?.freeze();
    await crew.settled();
    await rest(untilMs - Date.now());
    mark('SIGCONT');
    victim?.thaw();
    await crew.settled();
    await rest(2_000);
  },
};
