import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../support/command.ts';
import type { Autoscaler } from './autoscaler.ts';
import { type Books, balance, instanceBooks } from './books.ts';
import type { Brokers } from './brokers.ts';
import { type DatabaseBooks, storedBooks, uncountedBooks } from './database-books.ts';
import type { Databases } from './databases.ts';
import type { EventLog } from './events.ts';
import type { Feeder } from './feeder.ts';
import type { Fleet } from './fleet.ts';
import { noGauges } from './gauges.ts';
import { createHistory } from './history.ts';
import { insist, type OffsetWatch } from './offsets.ts';
import type { PipelineTopics, Reader } from './reader.ts';
import type { InstanceRow, Snapshot, Totals } from './snapshot.ts';
import type { Stage } from './stages.ts';

/** The parts of a running pipeline. */
export interface Parts {
  readonly brokers: Brokers;
  readonly fleet: Fleet;
  readonly reader: Reader;
  readonly offsets: OffsetWatch;
  readonly feeder: Feeder;
  readonly topics: PipelineTopics;
  readonly group: string;
  readonly events: EventLog;
  /** Undefined without a database; there are no stages then. */
  readonly databases: Databases | undefined;
  readonly stages: readonly Stage[];
  /** Where the source topic's partitions ended before the feed began: tables know snapshots by their offset there. */
  readonly storedFrom: readonly number[];
}

/** Everything together: looked at once a second, and closed with its books. */
export interface Pipeline {
  /** The snapshots tell of it from now on, and so do the books. */
  scaledBy(autoscaler: Autoscaler): void;
  snapshot(pageUrl: string | undefined): Snapshot;
  /** Ends the feed, waits (no longer than this) until all is done, stops the instances, closes the books. */
  finish(drainMs: number, onProgress: (line: string) => void): Promise<Books>;
  /** No more looks. */
  close(): void;
}

const lookIntervalMs = 1_000;
const pollMs = 200;
const rowStaysMs = 8_000;
const catchUpMs = 15_000;

export function createPipeline(parts: Parts): Pipeline {
  const { brokers, fleet, reader, offsets, feeder, topics, group, events, databases, stages, storedFrom } = parts;
  const history = createHistory();
  const fedSinceMs = performance.now();
  let brokerRows = brokers.rows();
  let lag: number | null = null;
  let asking = false;
  let autoscaler: Autoscaler | undefined;
  let phase: Snapshot['phase'] = 'running';
  let firstEnrichedAfterMs: number | null = null;

  async function askLag(): Promise<void> {
    if (asking) return;
    asking = true;
    lag = (await offsets.position(group, topics.source).catch(() => undefined))?.lag ?? null;
    asking = false;
  }

  function lookAtBrokers(): void {
    const now = brokers.rows();
    for (const row of now) {
      const before = brokerRows.find(({ id }) => id === row.id)?.state;
      if (row.id !== undefined && before !== row.state) {
        events.add(`broker ${row.id} ${row.state === 'stopped' ? 'is down' : `is ${row.state}`}`);
      }
    }
    brokerRows = now;
  }

  function look(): void {
    void askLag();
    for (const instance of fleet.alive()) void instance.scrape();
    for (const stage of stages) void stage.look();
    void databases?.look().catch(() => undefined);
    lookAtBrokers();
    history.add(performance.now(), reader.ledger.counts(), lag, reader.ledger.latencies);
  }

  function lookForFirst(): void {
    if (reader.firstEnrichedAtMs === undefined) return;
    clearInterval(first);
    // Of this process: what a person waited for.
    firstEnrichedAfterMs = Math.round(reader.firstEnrichedAtMs);
    events.add(`first enriched record after ${(firstEnrichedAfterMs / 1_000).toFixed(1)} s`);
  }
  const looks = setInterval(look, lookIntervalMs);
  const first = setInterval(lookForFirst, 20);
  look();

  function instanceRows(): InstanceRow[] {
    const recent = Date.now() - rowStaysMs;
    return fleet.instances
      .filter(({ endedAtMs }) => endedAtMs === undefined || endedAtMs > recent)
      .map(({ id, pid, state, endedAtMs, gauges }) => {
        const { partitionsOf } = fleet.ownership;
        const ended = endedAtMs !== undefined;
        return { id, pid, state, partitions: partitionsOf(id), ...(ended ? noGauges : gauges.read()) };
      });
  }

  function totals(): Totals {
    const { fed, enriched, deadLettered, deadByCode, duplicates } = reader.ledger.counts();
    const rates = history.rates();
    return {
      ...{ fed, enriched, deadLettered, deadByCode, duplicates, lag },
      open: Math.max(0, fed - enriched - deadLettered),
      fedPerSecond: rates.fed,
      enrichedPerSecond: rates.enriched,
      p50Ms: history.latency(reader.ledger.latencies, 0.5),
      p99Ms: history.latency(reader.ledger.latencies, 0.99),
      rebalances: fleet.rebalances.length,
      lastRebalanceMs: fleet.rebalances.at(-1) ?? null,
    };
  }

  const filtered = (): number => fleet.instances.reduce((sum, { gauges }) => sum + (gauges.latest?.filtered ?? 0), 0);

  async function drained(): Promise<boolean> {
    try {
      const position = await offsets.position(group, topics.source);
      const { fed, enriched, deadLettered } = reader.ledger.counts();
      return position.lag === 0 && enriched + deadLettered + filtered() >= fed && (await reader.caughtUp());
    } catch {
      return false; // no broker answers just now
    }
  }

  /** Whether the functions behind the processor have done what it wrote. */
  async function stored(): Promise<boolean> {
    const done = await Promise.all(stages.map((stage) => stage.done().catch(() => false)));
    return done.every(Boolean);
  }

  /** Whether the condition came to hold in time. */
  async function holds(condition: () => Promise<boolean>, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    for (;;) {
      if (await condition()) return true;
      if (performance.now() > until || fleet.alive().length === 0) return false;
      await sleep(pollMs);
    }
  }

  async function databaseBooks(enriched: number): Promise<DatabaseBooks | undefined> {
    if (databases === undefined) return undefined;
    const ofStages = await Promise.all(stages.map((stage) => stage.books()));
    try {
      return storedBooks(enriched, await databases.stored(storedFrom), ofStages);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return uncountedBooks(error.message, ofStages);
    }
  }

  async function books(seconds: number): Promise<Books> {
    const until = performance.now() + catchUpMs;
    while (performance.now() < until && !(await reader.caughtUp().catch(() => false))) await sleep(pollMs);
    const { committed, lag: left } = await insist(() => offsets.position(group, topics.source), undefined, catchUpMs);
    const counts = reader.ledger.counts();
    const unaccounted = reader.ledger.unaccountedBefore(committed);
    const { fed, enriched, deadLettered, deadByCode, duplicates } = counts;
    const database = await databaseBooks(enriched);
    const entries = { counts, unaccounted, acknowledged: feeder.acknowledged(), filtered: filtered(), lag: left };
    return {
      ...{ fed, enriched, deadLettered, deadByCode, filtered: filtered(), duplicates, lag: left },
      ...balance({ ...entries, database }),
      ...(database ? { database } : {}),
      rebalances: fleet.rebalances.length,
      rebalanceMs: [...fleet.rebalances],
      p50Ms: reader.ledger.latencies.quantile(0.5),
      p99Ms: reader.ledger.latencies.quantile(0.99),
      instances: fleet.instances.length,
      seconds,
      firstEnrichedAfterMs,
      ...(autoscaler ? { autoscale: autoscaler.report() } : {}),
      perInstance: fleet.instances.map(instanceBooks),
    };
  }

  return {
    scaledBy(scaler) {
      autoscaler = scaler;
    },
    snapshot: (pageUrl) => ({
      atMs: Date.now(),
      upSeconds: (performance.now() - fedSinceMs) / 1_000,
      phase,
      brokers: brokerRows,
      localBrokers: brokers.local,
      group,
      sourceTopic: topics.source,
      pageUrl,
      owners: fleet.ownership.owners.map((owner) => owner ?? null),
      rebalancing: !fleet.ownership.whole(),
      stages: stages.map((stage) => stage.row()),
      databases: databases?.rows() ?? [],
      instances: instanceRows(),
      totals: totals(),
      scaling: autoscaler?.view() ?? null,
      history: history.series(),
      events: events.list(),
    }),
    async finish(drainMs, onProgress) {
      phase = 'draining';
      const until = performance.now() + drainMs;
      const seconds = Math.round((performance.now() - fedSinceMs) / 100) / 10;
      onProgress('Feed stops; waiting until the pipeline has done what was fed ...');
      await Promise.race([feeder.stop().catch(() => undefined), sleep(drainMs, undefined, { ref: false })]);
      const done =
        (await holds(drained, until - performance.now())) && (await holds(stored, until - performance.now()));
      if (!done) onProgress('Not everything could be done in time');
      await Promise.all(stages.map((stage) => stage.look()));
      await Promise.all(fleet.alive().map((instance) => instance.scrape()));
      onProgress('Stopping the instances ...');
      await Promise.all([fleet, ...stages.map((stage) => stage.fleet)].map((one) => one.stop()));
      return await books(seconds);
    },
    close() {
      clearInterval(looks);
      clearInterval(first);
    },
  };
}
