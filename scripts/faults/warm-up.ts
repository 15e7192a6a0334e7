import { CommandError } from '../support/command.ts';
import { judgeOutcomes } from './judgement.ts';
import { runOnce } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Ground, SuiteOptions } from './suite.ts';

const conditions = { rate: 1_000, sessionTimeoutMs: 10_000 };

/**
 * Records flow through the application for a while, and no time is taken. Brokers compile their code in the first minute, on
 * cores that nothing else then has, and a commit takes seconds meanwhile: the first repeat would measure that.
 * @throws CommandError when not even this goes as it must
 */
export async function warmUp(suite: Omit<SuiteOptions, 'grounds'>, ground: Ground): Promise<void> {
  const { options, bundle, guard, say } = suite;
  const [application] = options.applications;
  if (options.warmUpMs === 0 || application === undefined) return;
  say(`warming the brokers up for ${options.warmUpMs / 1_000} s ...`);
  const scenario: Scenario = {
    name: 'warm-up',
    summary: 'Nothing happens, and no time is taken.',
    promised: () => ({}),
    async run({ mark, rest }) {
      mark('nothing');
      await rest(options.warmUpMs);
    },
  };
  const how = { ...options, ...ground, ...conditions, logDir: undefined };
  const outcome = await runOnce({ ...how, scenario, application, bundle, guard });
  const { broken } = judgeOutcomes([outcome], {});
  if (broken.length > 0) throw new CommandError(`warming up went wrong: ${broken.join('; ')}`);
}
