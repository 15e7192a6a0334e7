import type { Scenario } from './scenario.ts';

export const backlog: Scenario = {
  name: 'backlog',
  summary: 'Instances start on a backlog (--backlog) and work it off: memory stays flat.',
  onBacklog: true,
  promised: () => ({ doubled: 0, peakMb: 300 }),
  run: ({ committed }) => committed(),
};
