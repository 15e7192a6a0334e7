import { localTime } from '../../infra/scaling/calendar.ts';
import type { ScalingPolicy, ScalingState } from '../../infra/scaling/policy.ts';
import { printable } from '../support/words.ts';
import type { Explanation } from './explain.ts';

const titles = {
  local: 'local autoscaler',
  keda: 'KEDA',
  hpa: 'HPA without KEDA',
  pollers: 'Lambda pollers',
} as const satisfies Record<Explanation['target'], string>;

/** What a person reads of `npm run infra -- explain`. */
export function explainText(
  named: string,
  policy: ScalingPolicy,
  state: ScalingState,
  explanations: readonly Explanation[],
): string {
  const { lag, ratePerSecond, instances, downstream } = state;
  const seen = `${policy.name}: ${instances} instances, lag ${lag.total}, ${ratePerSecond} records/s, downstream ${downstream}, ${moment(policy, state.nowMs)}`;
  const blocks = explanations.map(({ target, instances: next, because }) => {
    const outcome =
      next === null ? 'as the service decides' : next === instances ? `stays at ${next}` : `goes to ${next}`;
    // Without --policy it follows another one.
    const follows = target === 'local' ? `, with --policy ${printable(named)}` : '';
    return [`${titles[target].padEnd(18)}${outcome}${follows}`, ...because.map((line) => `    ${line}`)].join('\n');
  });
  return `${[seen, ...blocks].join('\n\n')}\n`;
}

function moment(policy: ScalingPolicy, atMs: number): string {
  if (policy.calendar === null) return new Date(atMs).toISOString().replace('.000', '');
  const { date, minute } = localTime(policy.calendar, atMs);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${date} ${two(minute / 60)}:${two(minute % 60)} ${policy.calendar.zone}`;
}
