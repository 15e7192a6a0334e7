import { durationOption, UsageError } from '../support/command.ts';

/** Something a person, or a plan, does to the running pipeline. */
export type Action =
  | { readonly kind: 'add' | 'remove' | 'poison'; readonly count: number }
  | { readonly kind: 'kill' | 'kill-broker'; readonly id?: number }
  | { readonly kind: 'restart-broker' }
  | { readonly kind: 'rate'; readonly perSecond: number };

/** An action, and when: counted from the start of the feed. */
export interface PlannedAction {
  readonly atMs: number;
  readonly action: Action;
}

const accepted = '+N, -N, kill, kill=ID, kill-broker, kill-broker=ID, restart-broker, poison, poison=N, rate=N';

/** Reads `10s:+2,20s:kill,30s:-1`, or throws a UsageError that says what is accepted. Sorted by time. */
export function parsePlan(text: string): PlannedAction[] {
  const steps = text.split(',').map((step) => {
    const [when = '', what, ...rest] = step.trim().split(':');
    const action = what === undefined || rest.length > 0 ? undefined : parseAction(what.trim());
    if (action === undefined) {
      throw new UsageError(`--plan takes steps such as 10s:+2, with one of ${accepted}; not '${step.trim()}'`);
    }
    return { atMs: durationOption('plan', when), action };
  });
  return steps.toSorted((left, right) => left.atMs - right.atMs);
}

function parseAction(text: string): Action | undefined {
  const step = /^([+-])(\d{1,2})$/.exec(text);
  if (step) return { kind: step[1] === '+' ? 'add' : 'remove', count: Number(step[2]) };
  const [, name, value] = /^([a-z-]+)(?:=(\d{1,6}))?$/.exec(text) ?? [];
  const number = value === undefined ? undefined : Number(value);
  if (name === 'kill' || name === 'kill-broker') return { kind: name, ...(number === undefined ? {} : { id: number }) };
  if (name === 'poison') return { kind: 'poison', count: number ?? 20 };
  if (name === 'restart-broker' && number === undefined) return { kind: 'restart-broker' };
  if (name === 'rate' && number !== undefined) return { kind: 'rate', perSecond: number };
  return undefined;
}
