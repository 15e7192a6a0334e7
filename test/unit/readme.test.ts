import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { databaseSettingSpecs } from '../../functions/database/settings.ts';
import { settingSpecs } from '../../functions/runtime/settings.ts';
import { readmeRows } from '../../scripts/bench/readme-rows.ts';
import { summaryRows } from '../../scripts/faults/html-report.ts';
import { mergeReports } from '../../scripts/faults/merge.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const readme = read('README.md');

describe('README', () => {
  it.each(Object.values({ ...settingSpecs, ...databaseSettingSpecs }))(
    'has the row of $name as the runtime declares it',
    (spec) => {
      const fallback = spec.fallback === undefined ? 'required' : spec.fallback === null ? '' : `\`${spec.fallback}\``;
      expect(readme).toContain(`| \`${spec.name}\` | ${fallback} | ${spec.accepts} | ${spec.effect} |`);
    },
  );

  it('tells of bad days what was measured, of each scenario in the report', () => {
    const { reports } = mergeReports([fileURLToPath(new URL('../fixtures/bad-days.json', import.meta.url))]);
    const lines = readme.replaceAll('**', '').split('\n');
    expect(reports.length).toBeGreaterThan(4);
    for (const [name, application, ...figures] of summaryRows(reports)) {
      expect(['container', 'kafkajs']).toContain(application);
      const whose = application === 'kafkajs' ? ', bare kafkajs' : '';
      expect(lines).toContain(`| \`${name}\`${whose} | ${figures.join(' | ')} |`);
    }
  });

  it('tells of costs what was measured', () => {
    const rows = readmeRows(JSON.parse(read('test/fixtures/bench.json')));
    const lines = readme.split('\n');
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) expect(lines).toContain(row);
  });

  it('names every command that there is', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const inner = new Set([
      'setup',
      'prestart',
      'pretest',
      'precheck',
      'prebench',
      'preprofile',
      'start',
      'test',
      'format',
    ]);
    const missing = Object.keys(scripts).filter((name) => !inner.has(name) && !readme.includes(`npm run ${name}`));
    expect(missing).toEqual([]);
  });
});
