import type { Host, Work } from './work.ts';

/** What a host cannot do, and why. The suite reads this table; no case is passed over for another reason. */
const missing: Readonly<Record<Host['name'], Partial<Record<NonNullable<Work['interruption']>, string>>>> = {
  inline: {
    'endless loop': 'Nothing can end a loop in the process that calls it: the time limit of the test runner must.',
  },
  container: {},
  function: {},
};

/** Why this host cannot do this work; `undefined` when it can. */
export function missingIn({ name }: Host, { interruption }: Work): string | undefined {
  return interruption && missing[name][interruption];
}

/** The table, a line for each thing that a host cannot do. */
export function cannot(): { host: string; case: string; why: string }[] {
  return Object.entries(missing).flatMap(([host, table]) =>
    Object.entries(table).map(([name, why]) => ({ host, case: name, why })),
  );
}
