import type { Host, Trouble, Work } from './work.ts';

const noGroup = {
  'partitions revoked': 'It is no member of a group: whoever calls it has the partitions.',
  'partitions lost': 'It is no member of a group: nobody can drop it while it works.',
};

/** What a host cannot do, and why. The suite reads this table; no case is passed over for another reason. */
const missing: Readonly<Record<Host['name'], Partial<Record<Trouble, string>>>> = {
  inline: {
    'endless loop': 'Nothing can end a loop in the process that calls it: the time limit of the test runner must.',
    ...noGroup,
  },
  container: {},
  // The service's pollers are the members. What they have handed over is delivered again by others if they lose it.
  function: noGroup,
};

/** Why this host cannot do this work; `undefined` when it can. */
export function missingIn({ name }: Host, { trouble }: Work): string | undefined {
  return trouble && missing[name][trouble];
}

/** The table, a line for each thing that a host cannot do. */
export function cannot(): { host: string; case: string; why: string }[] {
  return Object.entries(missing).flatMap(([host, table]) =>
    Object.entries(table).map(([name, why]) => ({ host, case: name, why })),
  );
}
