import type { GroupListener, GroupMember, KafkaPort } from '../../kafka/port.ts';
import type { FunctionDefinition, Logger } from '../../runtime/contract.ts';
import { createLane } from '../../runtime/lane.ts';
import type { Lane, LaneRuntime } from '../../runtime/lane-contract.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Settings } from '../../runtime/settings.ts';
import { type BackPressure, createBackPressure } from './back-pressure.ts';
import { type Committer, createCommitter } from './commits.ts';
import { createDenials, type Denials } from './denials.ts';
import { createLateRecords } from './late.ts';
import { createStuckPartitions, type StuckPartitions } from './stuck.ts';

/** The consuming side of an instance: partitions come and go, records flow into lanes, positions are committed. */
export interface ConsumingHost {
  start(): Promise<void>;
  /** Finishes what is in flight, commits, leaves the group. */
  stop(): Promise<void>;
  /** Looks at every lane again: room or trust came back. */
  wake(): void;
  readonly lanes: ReadonlyMap<number, Lane>;
  /** Records behind the end of each partition, as far as fetches have told. */
  lag(): Map<number, number>;
  readonly assigned: readonly number[] | undefined;
  readonly stuck: StuckPartitions;
  readonly denials: Denials;
  readonly member: GroupMember;
  readonly committer: Pick<Committer, 'failing'>;
  /** Who else is in the group and reads other topics, as far as this instance was told; '' for nobody. */
  readonly sharing: string;
  /** Whether the group has said nothing for a session timeout: others may have these partitions by now. */
  readonly inDoubt: boolean;
}

/** What an instance knows of its source topic from its start. */
export interface KnownSource {
  readonly partitions: number;
  /** A partition was assigned that was not there: outputs would go to where no other instance puts them. */
  readonly outgrown: () => void;
}

const wakeIntervalMs = 500;

export function createConsumingHost<Resources>(
  definition: FunctionDefinition<Resources>,
  settings: Settings,
  kafka: KafkaPort,
  shared: Omit<LaneRuntime<Resources>, 'mayWork' | 'confirmedAtMs' | 'onProgress' | 'onLate' | 'dependencyPatienceMs'>,
  metrics: Metrics,
  log: Logger,
  known: KnownSource,
): ConsumingHost {
  const lanes = new Map<number, Lane>();
  const highWatermarks = new Map<number, number>();
  const stuck = createStuckPartitions(definition.source, log);
  const denials = createDenials(log);
  const late = createLateRecords(metrics, log);
  let assigned: readonly number[] | undefined;
  /** Why the member was interrupted last, until it has partitions again. */
  let interruption = '';
  let stopped = false;
  let inDoubt = false;
  let sharing = '';

  const listener: GroupListener = {
    records(batch) {
      const lane = lanes.get(batch.partition);
      if (lane === undefined) return; // between revoked and assigned: it will be fetched again by its new owner
      highWatermarks.set(batch.partition, batch.highWatermark);
      denials.allowed('topic');
      lane.push(batch.records, batch.bytes, batch.next);
      backPressure.filled(lane);
    },
    assigned(partitions, foreign) {
      clear();
      if (partitions.some((partition) => partition >= known.partitions)) return known.outgrown();
      assigned = partitions;
      interruption = '';
      denials.allowed('group');
      metrics.rebalances += 1;
      sharedWith(foreign);
      for (const partition of partitions) lanes.set(partition, createLane(laneRuntime, partition));
      log.info(
        { partitions, count: partitions.length },
        `Assigned partitions: [${partitions.join(', ')}] (${partitions.length})`,
      );
    },
    revoked: () => drain(),
    lost(reason) {
      if (lanes.size === 0) return;
      metrics.partitionsLost += 1;
      const fields = { reason, count: lanes.size, uncommitted: late.left(committer.owed()) };
      log.warn(fields, 'Partitions lost: nothing more of them is published or committed');
      for (const lane of lanes.values()) lane.abort(reason);
      clear();
    },
    stuck: (trouble) => stuck.add(trouble),
    unstuck(partition) {
      stuck.delete(partition);
      denials.allowed('topic');
    },
    denied: (right) => denials.add(right),
    moved(partition, from, to) {
      metrics.offsetsMoved += 1;
      committer.moved(partition, to);
      log.warn(
        { topic: definition.source, partition, from, to },
        'The next record is not in the topic any more: going on elsewhere, as KAFKA_OFFSET_OUT_OF_RANGE says',
      );
    },
    interrupted(error) {
      assigned = undefined;
      // It is tried twice a second, for as long as it takes.
      if (error.message !== interruption)
        log.warn({ error: error.message }, 'Out of the consumer group: joining again');
      interruption = error.message;
    },
  };

  const member = kafka.member(
    {
      topic: definition.source,
      groupId: definition.group,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      // Others wait for our drain, so it must fit in.
      rebalanceTimeoutMs: Math.max(30_000, settings.drainDeadlineMs + settings.sessionTimeoutMs),
      maxWaitMs: settings.fetchMaxWaitMs,
      minBytes: settings.fetchMinBytes,
      maxBytes: settings.fetchMaxBytes,
      maxBytesPerPartition: settings.fetchMaxPartitionBytes,
      maxBytesPerRound: settings.bufferMaxBytes / 2,
      outOfRange: settings.offsetOutOfRange,
    },
    listener,
  );
  const laneRuntime: LaneRuntime<Resources> = {
    ...shared,
    dependencyPatienceMs: Number.POSITIVE_INFINITY,
    // A session that may have expired: somebody else may own these partitions by now.
    // After a clock was set back it is not known how long ago that was: the next heartbeat, within a second, tells.
    mayWork: () => Math.abs(Date.now() - member.confirmedAtMs) <= settings.sessionTimeoutMs,
    confirmedAtMs: () => member.confirmedAtMs,
    onProgress() {
      backPressure.drained();
      committer.progressed();
    },
    onLate: late.stored,
  };
  const backPressure: BackPressure = createBackPressure(member, lanes, settings);
  const committer: Committer = createCommitter(member, lanes, settings.commitIntervalMs, metrics, log, () => {
    denials.allowed('topic');
    denials.allowed('group');
  });
  const waker = setInterval(wake, wakeIntervalMs);

  function wake(): void {
    const doubt = lanes.size > 0 && !laneRuntime.mayWork();
    if (doubt && !inDoubt) {
      metrics.membershipDoubts += 1;
      log.warn(
        { count: lanes.size },
        'No word from the group for a session timeout: nothing is handed out until it answers',
      );
    } else if (inDoubt && !doubt && lanes.size > 0) log.info({}, 'The group answers again');
    inDoubt = doubt;
    for (const lane of lanes.values()) lane.wake();
  }

  function sharedWith(topics: readonly string[]): void {
    const before = sharing;
    sharing = topics.length === 0 ? '' : `members of '${definition.group}' read ${topics.join(', ')}`;
    if (sharing === '') return;
    metrics.sharings += 1;
    if (sharing !== before) log.warn({ topics }, `The group is shared: ${sharing}. Give each function its own group`);
  }

  function clear(): void {
    committer.reset();
    backPressure.reset();
    lanes.clear();
    highWatermarks.clear();
    stuck.clear();
    assigned = [];
  }

  /** Nothing new is handed out; what is in flight ends and is committed, or is left undone at the deadline. */
  async function drain(): Promise<void> {
    if (lanes.size === 0) return;
    const startedMs = performance.now();
    const deadlineMs = startedMs + settings.drainDeadlineMs;
    const idle = await within(Promise.all([...lanes.values()].map((lane) => lane.stop())), settings.drainDeadlineMs);
    let committed = await committer.flush();
    while (!committed && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      committed = await committer.flush();
    }
    if (!idle) for (const lane of lanes.values()) lane.abort('the drain deadline passed');
    const fields = { partitions: lanes.size, ms: Math.round(performance.now() - startedMs), finished: idle, committed };
    if (idle && committed) log.info(fields, 'Drained: all that was in flight is done and committed');
    else {
      const left = { ...fields, uncommitted: late.left(committer.owed()) };
      log.warn(left, 'Drain ended at its deadline: what is not done or committed will be delivered again');
    }
    clear();
  }

  return {
    start: () => member.start(),
    async stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(waker);
      await member.leave();
      committer.stop();
    },
    wake,
    lanes,
    lag() {
      const lag = new Map<number, number>();
      for (const [partition, end] of highWatermarks) {
        const lane = lanes.get(partition);
        const next = lane?.firstUndone ?? lane?.position;
        if (next !== undefined) lag.set(partition, Math.max(0, end - next));
      }
      return lag;
    },
    get assigned() {
      return assigned;
    },
    stuck,
    denials,
    member,
    committer,
    get sharing() {
      return sharing;
    },
    get inDoubt() {
      return inDoubt;
    },
  };
}

/** Whether the work ended in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const ended = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
