import type { Template } from '../package/template.ts';
import type { PropertyChange, ResourceChange } from './changes.ts';
import { describeTemplate } from './describe.ts';

const signs = { create: '+', update: '~', replace: '±', remove: '-', refused: '✗', impossible: '✗' } as const;

const said: Partial<Readonly<Record<ResourceChange['action'], string>>> = {
  refused: 'refused',
  impossible: 'to change in a way that is impossible',
};

function shown(path: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  // The settings of a topic travel in Base64, which tells a reader nothing.
  if (path === 'Properties.Configs') return Buffer.from(String(value), 'base64').toString('utf8');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}

function propertyLine({ path, before, after }: PropertyChange): string {
  return `      ${path.replace(/^Properties\./, '')}: ${shown(path, before)} -> ${shown(path, after)}`;
}

/** What is in a template, in groups. */
export function templateText(template: Template): string {
  return describeTemplate(template)
    .map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`), ''].join('\n'))
    .join('\n');
}

/** What would change, a resource a line with its properties below. */
export function changesText(changes: readonly ResourceChange[], against: string): string {
  if (changes.length === 0) return `Against ${against}: nothing would change.\n`;
  const count = (action: ResourceChange['action']): number =>
    changes.filter((change) => change.action === action).length;
  const sums = (['create', 'update', 'replace', 'remove', 'refused', 'impossible'] as const)
    .filter((action) => count(action) > 0)
    .map((action) => `${count(action)} ${said[action] ?? `to ${action}`}`);
  return [
    `Against ${against}: ${sums.join(', ')}.`,
    ...changes.flatMap(({ id, type, action, properties, notes }) => [
      `  ${signs[action]} ${action} ${id} (${type})`,
      ...properties.map(propertyLine),
      ...notes.map((note) => `      ! ${note}`),
    ]),
    '',
  ].join('\n');
}
