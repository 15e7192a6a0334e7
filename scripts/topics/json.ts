import { printable } from '../support/words.ts';
import type { ApplyReport } from './apply.ts';
import { type Plan, verdictOf } from './plan.ts';

/** A plan as data: its verdict first, then all of it. */
export function planDocument(plan: Plan): object {
  return { verdict: verdictOf(plan), ...plan };
}

/** What `apply` did, as data: how it is in the end, and the steps. */
export function applyDocument({ before, applied, after, failure }: ApplyReport): object {
  const verdict = failure === undefined ? verdictOf(after) : 'stopped';
  return { verdict, ...(failure === undefined ? {} : { failure }), applied, before, after };
}

/** One JSON document, with texts escaped as in the report for people. */
export function jsonText(document: object): string {
  return `${JSON.stringify(document, (_key, value: unknown) => (typeof value === 'string' ? printable(value) : value), 2)}\n`;
}
