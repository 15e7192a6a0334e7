import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../functions/runtime/errors.ts';
import type { LocalCluster } from '../../infra/cluster/cluster.ts';
import { readCommitHistory } from '../../test/support/ledger/commit-history.ts';
import { waitUntilCommitted } from '../../test/support/ledger/commits.ts';
import { findCoordinator } from '../../test/support/ledger/coordinator.ts';
import { violationsOf } from '../../test/support/ledger/format.ts';
import { judge } from '../../test/support/ledger/judge.ts';
import { headerOf, type LoggedRecord, type TopicLog } from '../../test/support/ledger/log.ts';
import { readTopics } from '../../test/support/ledger/reader.ts';
import { createRunTopics, type RunTopics } from '../../test/support/ledger/topics.ts';
import type { FindingKind, Verdict } from '../../test/support/ledger/verdict.ts';
import { startWriter, type Writer } from '../../test/support/ledger/writer.ts';
import type { Guard } from '../start/guard.ts';
import { type ApplicationName, applicationOf } from './applications.ts';
import { createCrew, type MemberExit, type Span } from './crew.ts';
import { untilAllMove, untilInSync } from './health.ts';
import type { Network } from './network.ts';
import type { Conditions, Scenario, Stage } from './scenario.ts';
import { type Mark, type Movements, measureStandstill, type Standstill } from './standstill.ts';

/** What one repeat of a scenario came to. */
export interface Outcome extends Standstill {
  readonly counts: Verdict['counts'];
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly commitsAhead: number;
  readonly unaccounted: number;
  /** Records that the last commits leave to be delivered again, when all instances have left. */
  readonly uncommitted: number;
  /** Kinds of violations that are none of the above: a changed byte, a missing dead letter. */
  readonly otherViolations: readonly FindingKind[];
  /** What the ledger found, with coordinates; the first of each kind. */
  readonly examples: readonly string[];
  readonly exits: readonly MemberExit[];
  readonly peakMb: number;
  /** Why the run did not get to its end: the group did not settle, or records were left undone. */
  readonly problems: readonly string[];
  readonly notices: readonly string[];
  readonly story: Story;
}

/** What a drawing of the run needs. */
export interface Story {
  readonly marks: readonly Mark[];
  readonly startMs: number;
  readonly endMs: number;
  readonly spans: readonly Span[];
  /** When records came in, and when they moved on, by partition. */
  readonly arrivals: Movements;
  readonly movements: Movements;
  /** As `movements`, without what was doubled. */
  readonly firsts: Movements;
}

export interface RunOptions extends Conditions {
  readonly scenario: Scenario;
  readonly application: ApplicationName;
  readonly cluster: LocalCluster;
  /** The proxies in front of its brokers, for scenarios behind them. */
  readonly network?: Network;
  readonly bundle: string;
  readonly partitions: number;
  readonly guard: Guard;
  /** Settings of the instances, over the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keeps the instances' logs there. */
  readonly logDir?: string | undefined;
}

const keysPerPartition = 4;
const poisonShare = 0.01;
const warmUpMs = 2_500;
const drainTimeoutMs = 60_000;

/** Runs a scenario once: topics and a group of its own, records coming in all the while, and the ledger's verdict. */
export async function runOnce(options: RunOptions): Promise<Outcome> {
  const { scenario, application, cluster, partitions, rate, guard } = options;
  const { bootstrapServers } = cluster;
  const named = { prefix: `faults.${scenario.name}`, partitions, sourceAppendTime: true };
  const topics = await createRunTopics(bootstrapServers, named);
  const groupId = topics.source;
  const temporary = mkdtempSync(join(tmpdir(), 'hft-faults-'));
  const network = scenario.behindProxy ? options.network : undefined;
  const reached = network?.bootstrapServers ?? bootstrapServers;
  if (options.logDir) mkdirSync(options.logDir, { recursive: true });
  const { args, env } = applicationOf(application, { ...options, bootstrapServers: reached, topics, groupId });
  const crew = createCrew({
    application: { args, env: { ...env, ...options.env } },
    ...{ partitions, guard, logDir: options.logDir ?? temporary },
  });
  const marks: Mark[] = [];
  const problems: string[] = [];
  const attempt = async (what: () => Promise<unknown>): Promise<void> => {
    await what().catch((error: unknown) => void problems.push(messageOf(error)));
  };
  try {
    const members = crew.add(scenario.startsWith ?? options.instances);
    await crew.settled();
    // Poison is for those who promise something about it.
    const poison = application === 'kafkajs' ? {} : { poison: { share: scenario.poisonShare ?? poisonShare } };
    const writing = { topic: topics.source, rate, keys: partitions * keysPerPartition, ...poison };
    const writer = await startWriter({ bootstrapServers, ...writing });
    const startMs = Date.now();
    await sleep(warmUpMs);
    const mark = (text: string): void => void marks.push({ atMs: Date.now(), text });
    const stage: Stage = {
      ...{ crew, cluster, topics, groupId, members, mark, network },
      rest: async (ms) => void (await sleep(ms)),
      coordinator: () => findCoordinator(bootstrapServers, groupId),
      allMove: () => untilAllMove(bootstrapServers, topics.output),
      inSync: () => untilInSync(bootstrapServers, [...Object.values(topics), '__consumer_offsets']),
    };
    await attempt(() => scenario.run(stage));
    const endMs = Date.now();
    await attempt(() => writer.stop());
    const group = { bootstrapServers, groupId, topic: topics.source };
    await attempt(() => waitUntilCommitted({ ...group, timeoutMs: drainTimeoutMs }));
    await crew.stopAll();
    const logs = await readLogs(bootstrapServers, topics);
    const verdict = judge({
      ...logs,
      commitSamples: await readCommitHistory(group),
      expectations: { fateOf: (record) => writer.fateOf(record), functionName: 'processor' },
    });
    problems.push(...cheats(writer, logs.source));
    const movements = logs.outputs.partitions.map((records, partition) =>
      timesOf([...records, ...(logs.deadLetters.partitions[partition] ?? [])]),
    );
    const firsts = logs.outputs.partitions.map((records, partition) =>
      timesOf([...firstOf(records), ...(logs.deadLetters.partitions[partition] ?? [])]),
    );
    const arrivals = logs.source.partitions.map(timesOf);
    return {
      ...countsOf(verdict),
      ...measureStandstill(movements, marks, endMs),
      exits: crew.exits.slice(),
      peakMb: Math.round(crew.peakBytes / 1_048_576),
      problems,
      notices: crew.notices.slice(),
      story: { marks, startMs, endMs, spans: crew.spans, movements, firsts, arrivals },
    };
  } finally {
    await crew.end();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function readLogs(bootstrapServers: readonly string[], { source, output, deadLetters }: RunTopics) {
  return readTopics(bootstrapServers, { source, outputs: output, deadLetters });
}

/** What makes a verdict worthless: the writer or the cluster do not hold what they said. */
function cheats(writer: Writer, source: TopicLog): string[] {
  const [first] = writer.reconcile(source).problems;
  return first ? [`the writer and the source topic differ: ${first.at} ${first.detail}`] : [];
}

function timesOf(records: readonly { readonly timestampMs: number }[]): number[] {
  return records.map(({ timestampMs }) => timestampMs).sort((left, right) => left - right);
}

/** The outputs less those of a source record that has one already. */
function firstOf(outputs: readonly LoggedRecord[]): LoggedRecord[] {
  const seen = new Set<string | undefined>();
  return outputs.filter((output) => {
    const source = headerOf(output, 'source');
    if (seen.has(source)) return false;
    seen.add(source);
    return true;
  });
}

const columns: readonly FindingKind[] = ['lost', 'duplicates', 'reordered', 'commitsAhead'];

function countsOf(verdict: Verdict) {
  const violations = violationsOf(verdict);
  return {
    counts: verdict.counts,
    lost: verdict.lost.total,
    doubled: verdict.duplicates.total,
    reordered: verdict.reordered.total,
    commitsAhead: verdict.commitsAhead.total,
    unaccounted: verdict.unaccounted,
    uncommitted: verdict.uncommitted,
    otherViolations: violations.filter((kind) => !columns.includes(kind)),
    examples: violations.flatMap((kind) => {
      const [example] = verdict[kind].examples;
      return example ? [`${kind}: ${example.at}: ${example.detail}`] : [];
    }),
  };
}
