import type { ApplicationName } from './applications.ts';
import type { Conditions, Promised, Scenario } from './scenario.ts';

/**
 * What is promised of a scenario where this runs. Of a function it is that nothing is doubled, where it is: pollers are the
 * service's, and those here, which stand in for them, say nothing of how long its own take or what they do twice.
 */
export function promisedBy(application: ApplicationName, scenario: Scenario, conditions: Conditions): Promised {
  const promised = scenario.promised(conditions);
  if (application !== 'function') return promised;
  return scenario.functionDoubles || promised.doubled !== 0 ? {} : { doubled: 0 };
}
