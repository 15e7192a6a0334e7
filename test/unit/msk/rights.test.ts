import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rights } from '../../../scripts/topics/msk/rights.ts';

/** The actions that the README gives an operator, by the rows of its table: for whom, and on what. */
function documented(): { apply: string[]; all: Map<string, string> } {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = readme.split('#### Topics of a cluster of MSK')[1]?.split('\n### ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|') && line.includes('kafka'));
  const actions = (row: string) => row.match(/kafka(?:-cluster)?:[A-Za-z0-9]+/g) ?? [];
  return {
    apply: rows.filter((row) => row.includes('`apply`')).flatMap(actions),
    all: new Map(rows.flatMap((row) => actions(row).map((action) => [action, row.split('|')[3]?.trim() ?? '']))),
  };
}

test('the README gives an operator the rights that each call takes, on what it takes them', () => {
  const { apply, all } = documented();
  const on = { any: '`*`', cluster: 'the cluster', topic: 'its topics' };
  for (const [operation, needed] of Object.entries(rights)) {
    for (const [kind, actions] of Object.entries(needed)) {
      for (const action of actions) {
        expect(all.get(action), `${action} of ${operation}`).toContain(on[kind as keyof typeof on]);
        if (apply.includes(action)) expect(operation).toMatch(/^(?:Create|Update)Topic$/);
      }
    }
  }
  expect(apply).toHaveLength(3);
});
