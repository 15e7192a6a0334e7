import { table, wrapped } from '../support/table.ts';
import { count } from '../support/words.ts';
import type { SettingRow } from './settings.ts';
import type { Section, TextOptions } from './text.ts';

/** All settings: those that were set in rows, the defaults in a paragraph, unless all are wanted in full. */
export function settingLines(rows: readonly SettingRow[], { allSettings, width }: TextOptions): Section {
  const given = rows.filter(({ source }) => source !== 'default' && source !== 'not set');
  const headline = `${count(rows.length, 'setting')}, ${given.length} of them set`;
  if (allSettings) {
    const cells = rows.map(({ name, value, source, effect, accepts, valid }) => [
      `${name}${valid ? '' : ' ✗'}`,
      value === '' ? '-' : value,
      source,
      `${effect} Takes ${accepts}.`,
    ]);
    return { headline, lines: table([['setting', 'value', 'source', 'what it does'], ...cells]) };
  }
  const cells = given.map(({ name, value, source, effect, valid }) => [
    `${name}${valid ? '' : ' ✗'}`,
    value,
    source,
    effect.replace(/(?<=[.:]) .*$/, ''),
  ]);
  const defaults = rows.filter(({ source }) => source === 'default').map(({ name, value }) => `${name}=${value}`);
  const unset = rows.filter(({ source }) => source === 'not set').map(({ name }) => name);
  return {
    headline: `${headline} (what each does: --settings)`,
    lines: [
      ...table(cells),
      ...wrapped(['default:', ...defaults], width),
      ...(unset.length > 0 ? wrapped(['not set:', ...unset], width) : []),
    ],
  };
}
