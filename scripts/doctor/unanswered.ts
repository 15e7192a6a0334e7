import { troubleOf } from '../support/kafka/trouble.ts';
import type { Finding } from './finding.ts';

/** A question that could not be answered, as a finding: the rest of the report stands. */
export function unanswered(area: Finding['area'], question: string, error: unknown): Finding {
  return { severity: 'problem', area, what: `cannot tell ${question}`, ...troubleOf(error) };
}
