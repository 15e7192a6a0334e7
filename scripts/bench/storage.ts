import { readFileSync } from 'node:fs';
import type { Database } from '../../functions/database/port.ts';
import { processor } from '../../functions/processor/definition.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import { createStorage, storage } from '../../functions/storage/definition.ts';
import { createWorkplace, type Prepared, prepare } from '../../functions/storage/prepare.ts';
import { copyRows } from '../../functions/storage/store.ts';
import { fieldsOf } from '../../infra/cluster/process-info.ts';
import { readState } from '../../infra/database/layout.ts';
import { childrenOf } from '../../infra/database/processes.ts';
import { inspectServer } from '../../infra/database/server.ts';
import { createMarket } from '../feed/market.ts';
import { cpuMicroseconds, median } from './cpu.ts';
import { withDatabase } from './database-ground.ts';

/** CPU microseconds an option row takes, of this process and of the server. */
export interface RowCost {
  readonly clientUs: number;
  readonly serverUs: number;
  readonly rowsPerSecond: number;
}

/** Storage beside a bare COPY of the same rows into the same tables. */
export interface StorageResult {
  readonly rows: number;
  readonly contracts: number;
  readonly runs: number;
  readonly ours: RowCost;
  readonly bare: RowCost;
  /** Rows a CPU second, ours over the bare COPY's. */
  readonly ratio: number;
}

/** The lines that a person reads. */
export function storageTable({ ours, bare, ratio, rows, contracts: each, runs }: StorageResult): string[] {
  const row = (name: string, cost: RowCost): string => {
    const costs = [cost.clientUs, cost.serverUs, totalUs(cost)].map((us) => `${us.toFixed(2)} us`.padStart(10));
    return `  ${name.padEnd(32)}${costs.join('')}${Math.round(cost.rowsPerSecond).toString().padStart(12)}`;
  };
  return [
    `CPU an option row, ${each} a snapshot      client    server       all      rows/s    (${rows} rows, median of ${runs})`,
    row('bare COPY of the same rows', bare),
    row('hft-engine storage', ours),
    `  Rows a CPU second: ${ratio.toFixed(2)}x those of the bare COPY`,
  ];
}

const contracts = 160;
const batch = 500;
const never = new AbortController().signal;

/** Measures on a PostgreSQL of its own: what a batch's way takes from the bytes of its records to the commit. */
export async function benchStorage(
  snapshots: number,
  runs: number,
  say: (line: string) => void,
): Promise<StorageResult> {
  return await withDatabase(async (local) => {
    return await measure(await local.open(), () => serverCpuSeconds(local.dir), { snapshots, runs, say });
  });
}

async function measure(
  database: Database,
  serverCpu: () => number,
  { snapshots, runs, say }: { snapshots: number; runs: number; say: (line: string) => void },
): Promise<StorageResult> {
  const records = enrichedRecords(snapshots);
  const costs = { bare: [] as RowCost[], ours: [] as RowCost[] };
  // The first run of each is for the compiler, and for the server's files.
  for (let run = 0; run <= runs; run += 1) {
    for (const kind of ['bare', 'ours'] as const) {
      await database.write((s) => s.query({ text: 'truncate snapshots, snapshot_options, partition_positions' }), {
        signal: never,
      });
      const work = kind === 'bare' ? bareCopy(database, records) : ourBatches(database, records);
      const before = { client: cpuMicroseconds(), server: serverCpu(), ms: performance.now() };
      await work();
      const cost = {
        clientUs: (cpuMicroseconds() - before.client) / (snapshots * contracts),
        serverUs: ((serverCpu() - before.server) * 1e6) / (snapshots * contracts),
        rowsPerSecond: (snapshots * contracts) / ((performance.now() - before.ms) / 1_000),
      };
      if (run > 0) costs[kind].push(cost);
    }
    const [bare, ours] = [costs.bare.at(-1), costs.ours.at(-1)];
    if (bare && ours)
      say(`run ${run} of ${runs}: bare COPY ${totalUs(bare).toFixed(2)} us a row, ours ${totalUs(ours).toFixed(2)} us`);
  }
  const [ours, bare] = [middle(costs.ours), middle(costs.bare)];
  return { rows: snapshots * contracts, contracts, runs, ours, bare, ratio: totalUs(bare) / totalUs(ours) };
}

/** The same rows as ours, made beforehand, in transactions of the same size. */
function bareCopy(database: Database, records: readonly InboundRecord[]): () => Promise<void> {
  const pieces: { workplace: ReturnType<typeof createWorkplace>; prepared: Prepared[] }[] = [];
  for (let from = 0; from < records.length; ) {
    const workplace = createWorkplace();
    const prepared: Prepared[] = [];
    from = prepare(records.slice(0, Math.min(records.length, from + batch)), from, workplace, {
      prepared,
      results: [],
    });
    pieces.push({ workplace, prepared });
  }
  return async () => {
    for (const { workplace, prepared } of pieces) {
      await database.write((session) => copyRows(session, workplace, prepared), { signal: never });
    }
  };
}

function ourBatches(database: Database, records: readonly InboundRecord[]): () => Promise<void> {
  const context = createContext({ resources: createStorage(database, {}) });
  return async () => {
    for (let from = 0; from < records.length; from += batch) {
      const results = await storage.handleBatch(records.slice(from, from + batch), context);
      const failure = results.find((result) => result instanceof Error);
      if (failure) throw failure;
    }
  };
}

function enrichedRecords(count: number): InboundRecord[] {
  const market = createMarket({ symbols: 50, contracts, seed: 7 });
  const context = createContext({ resources: { riskFree: 0.065, dividendYield: 0 } });
  const startMs = Date.now();
  return Array.from({ length: count }, (_, offset) => {
    const { key, value } = market.next(startMs + offset);
    const output = processor.handle(createRecord({ key, value }), context) as { value: Buffer };
    const headers = { source: Buffer.from(`market.raw/0/${offset}`) };
    return createRecord({ topic: 'market.enriched', offset, key, value: Buffer.from(output.value), headers });
  });
}

/** Of the primary with all its processes, those that have ended as well. */
function serverCpuSeconds(dir: string): number {
  const state = readState(dir);
  const pid = state && inspectServer(state.home, state.primary).pid;
  if (pid === undefined) throw new Error(`no primary runs in ${dir}`);
  let ticks = 0;
  for (const one of [pid, ...childrenOf(pid)]) {
    const fields = fieldsOf(readFileSync(`/proc/${one}/stat`, 'utf8')).map(Number);
    // utime and stime; of the first process also those of its children that are gone.
    for (const index of one === pid ? [11, 12, 13, 14] : [11, 12]) ticks += fields[index] ?? 0;
  }
  return ticks / 100;
}

/** CPU microseconds a row, of the client and of the server. */
export function totalUs({ clientUs, serverUs }: RowCost): number {
  return clientUs + serverUs;
}

function middle(costs: readonly RowCost[]): RowCost {
  return {
    clientUs: median(costs.map(({ clientUs }) => clientUs)),
    serverUs: median(costs.map(({ serverUs }) => serverUs)),
    rowsPerSecond: median(costs.map(({ rowsPerSecond }) => rowsPerSecond)),
  };
}
