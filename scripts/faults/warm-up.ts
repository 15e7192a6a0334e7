import { runOnce } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Ground, SuiteOptions } from './suite.ts';

const rate = 1_000;
const sessionTimeoutMs = 10_000;

/**
 * Records flow through the application for a while, and what comes of them is forgotten. Brokers compile their code in the
 * first minute, on cores that nothing else then has, and a commit takes seconds meanwhile: the first repeat would measure that.
 */
export async function warmUp(suite: Omit<SuiteOptions, 'grounds'>, ground: Ground): Promise<void> {
  const { options, bundle, guard, say } = suite;
  const [application] = options.applications;
  if (options.warmUpMs === 0 || application === undefined) return;
  say(`warming the brokers up for ${options.warmUpMs / 1_000} s ...`);
  const scenario: Scenario = {
    name: 'warm-up',
    summary: 'Nothing happens, and nothing is measured.',
    promised: () => ({}),
    async run({ rest }) {
      await rest(options.warmUpMs);
    },
  };
  await runOnce({
    ...options,
    ...ground,
    rate,
    sessionTimeoutMs,
    scenario,
    application,
    bundle,
    guard,
    logDir: undefined,
  });
}
