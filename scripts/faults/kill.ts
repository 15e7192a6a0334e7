import { heartbeatIntervalMs, inFlight, takeOverMs } from './conditions.ts';
import type { Scenario } from './scenario.ts';

/** The least that brokers accept. */
const shortestMs = 6_000;

export const kill: Scenario = {
  name: 'kill',
  summary: 'kill -9 of one instance under load: the others take its partitions over when its session is over.',
  promised: (conditions) => ({
    doubled: inFlight(conditions),
    recoveredMs: conditions.sessionTimeoutMs + heartbeatIntervalMs + takeOverMs,
  }),
  async run({ members, crew, mark, rest }) {
    const [victim] = members;
    mark('kill -9');
    await victim?.kill();
    await crew.settled();
    await rest(1_500);
  },
};

export const killShortSession: Scenario = {
  ...kill,
  name: 'kill-short-session',
  summary: 'The same with a session of 6 s, the shortest that brokers accept.',
  sessionTimeoutMs: shortestMs,
  containerOnly: 'the session of pollers is the service’s own',
};
