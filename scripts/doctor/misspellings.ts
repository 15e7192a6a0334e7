import { settingSpecs } from '../../functions/runtime/settings.ts';
import type { Finding } from './finding.ts';

const names = Object.values(settingSpecs).map(({ name }) => name);

/** Variables that are nearly a setting: the runtime reads none of them, and says nothing. */
export function misspellings(environment: Readonly<Record<string, string | undefined>>): Finding[] {
  return Object.keys(environment).flatMap((given): Finding[] => {
    if (names.some((name) => name === given) || given.length < 8) return [];
    const meant = names.find((name) => isNear(given.toUpperCase(), name));
    if (meant === undefined) return [];
    return [
      {
        severity: 'warning',
        area: 'settings',
        what: `${given} is not a setting`,
        cause: 'Nothing reads a variable of this name.',
        remedy: `Call it ${meant}, if that is what was meant.`,
      },
    ];
  });
}

/** Whether one or two characters inserted, deleted or replaced make one text of the other (Levenshtein). */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 2) return false;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return (previous.at(-1) ?? 3) <= 2;
}
