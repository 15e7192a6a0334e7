import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { databaseSettingSpecs } from '../../functions/database/settings.ts';
import { settingSpecs } from '../../functions/runtime/settings.ts';

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
