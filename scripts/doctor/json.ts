import { printable } from '../support/words.ts';
import type { Examination } from './examination.ts';

/** Everything as one JSON document. Texts are escaped as in the report for people, and credentials are left out. */
export function examinationJson({ target, ...seen }: Examination): string {
  const { security: _, ...shownTarget } = target ?? {};
  const problems = seen.findings.filter(({ severity }) => severity === 'problem').length;
  const document = { healthy: problems === 0, ...(target ? { target: shownTarget } : {}), ...seen };
  return `${JSON.stringify(document, (_key, value: unknown) => (typeof value === 'string' ? printable(value) : value), 2)}\n`;
}
