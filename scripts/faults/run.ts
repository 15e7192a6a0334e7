import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../functions/runtime/errors.ts';
import type { LocalCluster } from '../../infra/cluster/cluster.ts';
import { ledgerClient } from '../../test/support/ledger/client.ts';
import { waitUntilCommitted } from '../../test/support/ledger/commits.ts';
import { findCoordinator } from '../../test/support/ledger/coordinator.ts';
import { readTopics } from '../../test/support/ledger/reader.ts';
import { findLeaders } from '../../test/support/ledger/sender.ts';
import { createRunTopic, createRunTopics, deleteRunTopics, untilKnown } from '../../test/support/ledger/topics.ts';
import { startWriter } from '../../test/support/ledger/writer.ts';
import type { Guard } from '../start/guard.ts';
import { addStranger } from './add-stranger.ts';
import { type ApplicationName, applicationOf } from './applications.ts';
import { createCrew } from './crew.ts';
import type { Epoch } from './epochs.ts';
import { countsOf, type Kept, readEvidence } from './evidence.ts';
import { untilAllMove, untilInSync } from './health.ts';
import type { Network } from './network.ts';
import type { Outcome } from './outcome.ts';
import { prepareParking } from './parking.ts';
import type { Conditions, Scenario, Stage } from './scenario.ts';
import { type Mark, measureStandstill } from './standstill.ts';
import { uncommittedFor } from './uncommitted.ts';

export interface RunOptions extends Conditions {
  readonly scenario: Scenario;
  readonly application: ApplicationName;
  readonly cluster: LocalCluster;
  /** The proxies in front of its brokers, for scenarios behind them. */
  readonly network?: Network;
  readonly bundle: string;
  readonly partitions: number;
  /** Records that are there before the instances, where the scenario wants that. */
  readonly backlog: number;
  readonly guard: Guard;
  /** Settings of the instances, over the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keeps the instances' logs there. */
  readonly logDir?: string | undefined;
}

const keysPerPartition = 4;
const poisonShare = 0.01;
/** Until instances have compiled what they run: in their first seconds a commit takes 300 ms in place of 50. */
const instancesWarmUpMs = 8_000;
/** The first group of a cluster waits for the topic of offsets to be made. */
const startTimeoutMs = 180_000;
const drainTimeoutMs = 60_000;
const backlogTimeoutMs = 3_600_000;

/** Runs a scenario once: topics and a group of its own, records coming in all the while, and the ledger's verdict. */
export async function runOnce(options: RunOptions): Promise<Outcome> {
  const { scenario, application, cluster, partitions, rate, guard } = options;
  const { bootstrapServers } = cluster;
  const named = { prefix: `faults.${scenario.name}`, partitions, sourceAppendTime: true };
  const topics = await createRunTopics(bootstrapServers, named);
  const groupId = topics.source;
  const temporary = mkdtempSync(join(cluster.dir, 'run-'));
  const network = scenario.behindProxy ? options.network : undefined;
  const reached = network?.bootstrapServers ?? bootstrapServers;
  if (options.logDir) mkdirSync(options.logDir, { recursive: true });
  const clockPath = scenario.withClock ? join(temporary, 'clock') : undefined;
  const behindProxy = network !== undefined;
  const parking = scenario.parks
    ? await prepareParking(bootstrapServers, topics, groupId, { bundle: options.bundle, partitions, temporary })
    : undefined;
  const settings = { ...options, bootstrapServers: reached, topics, groupId, clockPath, behindProxy, parking };
  const { args, env } = applicationOf(application, settings);
  const crew = createCrew({
    application: { args, env: { ...env, ...scenario.env, ...options.env } },
    ...{ partitions, guard, logDir: options.logDir ?? temporary },
  });
  const marks: Mark[] = [];
  const problems: string[] = [];
  const exempt = new Set<number>();
  let kept: Kept = {};
  const attempt = async (what: () => Promise<unknown>): Promise<void> => {
    await what().catch((error: unknown) => void problems.push(messageOf(error)));
  };
  try {
    const mark = (text: string): void => void marks.push({ atMs: Date.now(), text });
    // Poison is for those who promise something about it.
    const poison =
      application === 'kafkajs' || parking ? {} : { poison: { share: scenario.poisonShare ?? poisonShare } };
    const writing = { bootstrapServers, topic: topics.source, keys: partitions * keysPerPartition, ...poison };
    const backlog = scenario.onBacklog
      ? await startWriter({ ...writing, rate: Number.POSITIVE_INFINITY, count: options.backlog })
      : undefined;
    await backlog?.done;
    const startMs = Date.now();
    if (backlog) mark('instances start');
    const members = crew.add(scenario.startsWith ?? options.instances);
    await crew.settled(startTimeoutMs);
    let writer = backlog ?? (await startWriter({ ...writing, rate }));
    let deleted: Omit<Epoch, 'untilMs'> | undefined;
    if (!backlog) await sleep(instancesWarmUpMs);
    const group = { bootstrapServers, groupId, topic: topics.source };
    const stage: Stage = {
      ...{ crew, cluster, topics, groupId, partitions, members, mark, network, parking },
      leaders: (topic) => findLeaders(ledgerClient(bootstrapServers), topic),
      exempt: (slow) => void slow.map((partition) => exempt.add(partition)),
      stopWriting: () => writer.stop(),
      async keepOutputs() {
        kept = { ...kept, outputs: (await readTopics(bootstrapServers, { outputs: topics.output })).outputs };
      },
      async deleteSource() {
        await writer.stop();
        const { source } = await readTopics(bootstrapServers, { source: topics.source });
        deleted = { source, writer };
        await deleteRunTopics(bootstrapServers, [topics.source]);
      },
      async remakeSource() {
        if (deleted === undefined) throw new Error('the source topic was not deleted');
        kept = { ...kept, epoch: { ...deleted, untilMs: Date.now() } };
        await createRunTopic(bootstrapServers, topics.source, partitions);
        await untilKnown(bootstrapServers, [topics.source]);
        writer = await startWriter({ ...writing, rate });
      },
      operated(done) {
        kept = { ...kept, operated: done };
      },
      async setClock(offMs) {
        if (clockPath === undefined) throw new Error('this scenario does not say that it sets the clock');
        writeFileSync(clockPath, String(offMs));
      },
      rest: async (ms) => void (await sleep(ms)),
      coordinator: () => findCoordinator(bootstrapServers, groupId),
      committed: () => waitUntilCommitted({ ...group, timeoutMs: backlogTimeoutMs }),
      allMove: (except) => untilAllMove(bootstrapServers, topics.output, except),
      addStranger: () => addStranger(bootstrapServers, groupId, topics.output),
      inSync: () => untilInSync(bootstrapServers, [...Object.values(topics), '__consumer_offsets']),
    };
    await attempt(() => scenario.run(stage));
    const endMs = Date.now();
    await attempt(() => writer.stop());
    await attempt(() => waitUntilCommitted({ ...group, timeoutMs: drainTimeoutMs }));
    await crew.stopAll();
    const evidence = await readEvidence(bootstrapServers, topics, groupId, writer, kept, parking !== undefined);
    problems.push(...evidence.problems);
    const { arrivals, movements, firsts } = evidence;
    return {
      ...countsOf(evidence.verdicts),
      ...measureStandstill(arrivals, movements, marks, endMs, exempt),
      uncommittedForMs: Math.round(uncommittedFor(evidence.doubled, marks)),
      exits: crew.exits.slice(),
      peakMb: Math.round(crew.peakBytes / 1_048_576),
      problems,
      notices: crew.notices.slice(),
      story: { marks, startMs, endMs, spans: crew.spans, arrivals, movements, firsts },
    };
  } finally {
    await crew.end();
    // Followers look at every partition whenever they fetch: those of runs that are over would slow down the next.
    const all = [...Object.values(topics), ...(parking ? [parking.topic, `${topics.deadLetters}.journal`] : [])];
    await deleteRunTopics(bootstrapServers, all).catch(() => undefined);
    parking?.remove();
    rmSync(temporary, { recursive: true, force: true });
  }
}
