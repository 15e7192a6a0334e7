import type { Pen } from './ansi.ts';
import type { DatabaseRow } from './databases.ts';
import { count, rate } from './format.ts';
import type { Snapshot } from './snapshot.ts';
import type { StageRow } from './stages.ts';

/**
 * The functions behind the processor, a line each, and the servers of the database in one; all in one line where there is
 * little room, and nothing without them.
 */
export function stageLines({ stages, databases }: Snapshot, rows: number, pen: Pen): string[] {
  if (stages.length === 0) return [];
  if (rows < 30) {
    const short = stages.map(({ name, lag, inPerSecond }) => `${name} lag ${lagText(lag)}, ${rate(inPerSecond)}/s`);
    const ill = databases.filter(({ state }) => state === 'stopped' || state === 'paused');
    return [` ${[...short, ...ill.map(({ role, state }) => pen.bad(`${role} ${state}`))].join('   ')}`];
  }
  return [...stages.map((stage) => stageLine(stage, pen)), databaseLine(databases, pen)];
}

function stageLine({ name, lag, inPerSecond, outPerSecond, cpuPercent, rssBytes, ...row }: StageRow, pen: Pen): string {
  const { active, instances, degraded } = row;
  const state = degraded ? pen.warn('waits') : active < instances ? pen.warn('starting') : pen.good('active');
  const results = outPerSecond > 0 ? `   results ${rate(outPerSecond)}/s` : '';
  const cost = pen.dim(`   CPU ${cpuPercent.toFixed(0)} %, ${count(rssBytes / 1_048_576)} MB`);
  return ` ${name.padEnd(10)}${`lag ${lagText(lag)}`.padEnd(13)}${pen.bold(`${rate(inPerSecond)}/s`)}   ${instances === 0 ? pen.bad('ended') : state}${results}${cost}`;
}

function lagText(lag: number | null): string {
  return lag === null ? '?' : count(lag);
}

function databaseLine(databases: readonly DatabaseRow[], pen: Pen): string {
  const servers = databases.map(({ server, role, state, behindBytes, sizeBytes }) => {
    const behind = behindBytes ? ` ${count(behindBytes / 1_024)} KB behind` : '';
    const size = sizeBytes === null ? '' : ` ${count(sizeBytes / 2 ** 20)} MB`;
    const text = `${server} ${role} ${state === 'unknown' ? '' : state}${size}${behind}`.trim();
    return state === 'stopped' || state === 'paused' ? pen.bad(text) : text;
  });
  return ` database  ${servers.join(', ')}`;
}
