import type { Database } from '../../functions/database/port.ts';
import { onPrimary } from '../database/on-primary.ts';
import { comingSnapshots, explain, type Ground, layGround, readAsAnalytics } from './analytics-ground.ts';
import { cpuMicroseconds, median } from './cpu.ts';
import { withDatabase } from './database-ground.ts';

/** What the windows of a batch cost, for so many symbols and expiries in it. */
export interface WindowsCost {
  readonly chains: number;
  /** Whether a vacuum has seen the tables: autovacuum comes every minute that it is worth it. */
  readonly vacuumed: boolean;
  /** Database time of all statements of the batch: planned, run and put into bytes. */
  readonly databaseMs: number;
  readonly pages: number;
  /** Our own CPU, from the statements to the windows. */
  readonly clientMs: number;
  /** Tables that were read as a whole: none may be. */
  readonly sequentialScans: number;
}

/** The windows of a batch, on a replica. */
export interface AnalyticsResult {
  readonly stored: number;
  readonly batch: number;
  readonly window: number;
  readonly runs: number;
  readonly costs: readonly WindowsCost[];
}

/** The lines that a person reads. */
export function analyticsTable({ stored, batch: size, window, runs, costs }: AnalyticsResult): string[] {
  const rows = costs.map(({ chains, vacuumed, databaseMs, pages, clientMs, sequentialScans }) => {
    const name = `  ${chains} symbols and expiries, ${vacuumed ? 'vacuumed' : 'just written'}`.padEnd(44);
    const figures = [`${databaseMs.toFixed(1)} ms`, String(pages), `${clientMs.toFixed(1)} ms`].map((text) =>
      text.padStart(12),
    );
    return `${name}${figures.join('')}${String(sequentialScans).padStart(8)}`;
  });
  return [
    `Windows of ${window} for ${size} snapshots          database time       pages  client CPU   scans    (${stored} stored, median of ${runs})`,
    ...rows,
  ];
}

const batch = 500;
const ground: Ground = { chains: 500, days: 5, minutes: 375 };

/** Measures on a primary and a replica of its own: 500 symbols and expiries by the minute, a week of the market's hours. */
export async function benchAnalytics(runs: number, say: (line: string) => void): Promise<AnalyticsResult> {
  return await withDatabase(async (local) => {
    const database = await local.open({ DATABASE_STATEMENT_TIMEOUT_MS: '120000', DATABASE_MAX_LAG_MS: '60000' });
    await layGround(database, ground);
    const stored = ground.chains * ground.days * ground.minutes;
    say(`${stored} snapshots stored`);
    const costs: WindowsCost[] = [];
    for (const vacuumed of [false, true]) {
      if (vacuumed) await onPrimary(local.environment(), ({ client }) => client.query('vacuum analyze snapshots'));
      for (const chains of [4, ground.chains]) {
        costs.push({ chains, vacuumed, ...(await costOf(database, chains, runs)) });
        say(`${chains} symbols and expiries${vacuumed ? ', vacuumed' : ''}: ${costs.at(-1)?.databaseMs.toFixed(1)} ms`);
      }
    }
    return { stored, batch, window: 300, runs, costs };
  });
}

async function costOf(
  database: Database,
  chains: number,
  runs: number,
): Promise<Omit<WindowsCost, 'chains' | 'vacuumed'>> {
  const wanted = comingSnapshots(batch, chains, ground);
  const [times, pages, cpu]: [number[], number[], number[]] = [[], [], []];
  let sequentialScans = 0;
  for (let run = 0; run <= runs; run += 1) {
    const before = cpuMicroseconds();
    const { windows, statements } = await readAsAnalytics(database, wanted);
    const clientMs = (cpuMicroseconds() - before) / 1_000;
    const short = [...windows.values()].filter((one) => one instanceof Error || one.past.length !== 300).length;
    if (windows.size !== batch || short > 0)
      throw new Error(`${short} of ${windows.size} windows are not of 300 snapshots`);
    const all = [];
    for (const statement of statements) all.push(await explain(database, statement));
    if (run === 0) continue; // for the compiler, and for the server's memory
    cpu.push(clientMs);
    times.push(all.reduce((sum, { ms }) => sum + ms, 0));
    pages.push(all.reduce((sum, one) => sum + one.pages, 0));
    sequentialScans = all.reduce((sum, { plan }) => sum + (plan.match(/Seq Scan/g)?.length ?? 0), 0);
  }
  return { databaseMs: median(times), pages: median(pages), clientMs: median(cpu), sequentialScans };
}
