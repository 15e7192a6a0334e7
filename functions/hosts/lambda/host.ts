import type { KafkaPort } from '../../kafka/port.ts';
import type { FunctionDefinition, Logger } from '../../runtime/contract.ts';
import { type DispatchResult, dispatch, type PartitionBatch, type PartitionResult } from '../../runtime/dispatch.ts';
import { DependencyDownError, StartupError } from '../../runtime/errors.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';
import { withParking } from '../../runtime/park-keys.ts';
import { backoffMs } from '../../runtime/retry.ts';
import { createScheduler } from '../../runtime/scheduler.ts';
import type { Settings } from '../../runtime/settings.ts';
import { withOverrides } from '../shared/overrides.ts';
import { beforeTime } from '../shared/reach.ts';
import { createConnections } from './connections.ts';
import { readEvent } from './event.ts';
import { type PartialResponse, responseOf } from './response.ts';

/** The part of an invocation's context that the host uses. */
export interface InvocationContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Answers one event of a Kafka event source. Rejects when nothing of it was done: the service sends it again. */
export type FunctionHost = (event: unknown, context: InvocationContext) => Promise<PartialResponse>;

export interface FunctionHostDependencies {
  readonly kafka: KafkaPort;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const maxOutstanding = 2_000;
/** Between tries of what is refused. */
const pauses = { initialDelayMs: 500, maxDelayMs: 5_000 };

/** Runs a function as the target of an event source mapping: event in, dispatch, response out. */
export function createFunctionHost<Resources>(
  declared: FunctionDefinition<Resources>,
  settings: Settings,
  { kafka, log, env }: FunctionHostDependencies,
): FunctionHost {
  const definition = withOverrides(declared, settings);
  const scheduler = createScheduler();
  const connections = createConnections(kafka, definition, settings, log, () => scheduler.busy);
  let resources: Promise<Resources> | undefined;

  /** Made once per execution environment; when that fails, the next invocation tries again. */
  function sharedResources(): Promise<Resources> {
    resources ??= makeResources().catch((error: unknown) => {
      resources = undefined;
      throw error;
    });
    return resources;
  }

  async function makeResources(): Promise<Resources> {
    return (await definition.setup?.(env)) as Resources; // without a setup, Resources is undefined
  }

  /** A setup that is still under way goes on, for the next invocation. */
  async function prepare(stopAtMs: number, invocationLog: Logger) {
    const late = () => new DependencyDownError('setup() has not ended before the deadline: trying again');
    const setupEndsAtMs = Math.min(Date.now() + settings.dependencyWaitMs, stopAtMs);
    const shared = await insist(() => beforeTime(sharedResources(), stopAtMs, late), setupEndsAtMs, invocationLog);
    const connectedByMs = Math.min(Date.now() + settings.startupTimeoutMs, stopAtMs);
    const { outputs, deadLetters, parked } = await insist(
      () => connections.get(connectedByMs),
      connectedByMs,
      invocationLog,
    );
    return { definition: withParking(definition, parked, outputs), resources: shared, outputs, deadLetters };
  }

  return async (event, context) => {
    const leftMs = context.getRemainingTimeInMillis();
    const endsAtMs = Date.now() + leftMs;
    const invocationLog = log.child({ requestId: context.awsRequestId });
    const batches = readEvent(event, definition.source);
    if (batches.length === 0) return { batchItemFailures: [] };
    if (leftMs <= settings.deadlineMarginMs) {
      const { deadlineMarginMs } = settings;
      const problem =
        `This invocation began with ${leftMs} ms left, not more than DEADLINE_MARGIN_MS, ${deadlineMarginMs}: nothing is handled. ` +
        'Give the function a longer timeout; if it has one, the clock of this machine is wrong';
      invocationLog.error({ leftMs, deadlineMarginMs }, problem);
      return responseOf(batches, batches.map(nothingDone));
    }
    const stopAtMs = endsAtMs - settings.deadlineMarginMs;
    const ready = await reachable(() => prepare(stopAtMs, invocationLog), invocationLog);
    if (ready === undefined) return responseOf(batches, batches.map(nothingDone));
    // Of this invocation alone: what an earlier one gave up, and still ends some time, is not counted here.
    const metrics = createMetrics();
    const result = await dispatch(
      {
        ...{ ...ready, scheduler, metrics, maxOutstanding },
        log: invocationLog,
        dependencyPatienceMs: settings.dependencyWaitMs,
      },
      batches,
      { stopAtMs, abortAtMs: endsAtMs - settings.deadlineMarginMs / 2 },
    );
    if (result.timedOut) connections.discard();
    else connections.rested();
    const response = responseOf(batches, result.partitions);
    count(invocationLog, batches, metrics, response);
    report(invocationLog, result, response);
    return response;
  };
}

/**
 * Brokers that do not answer are a dependency that is down, and so is what `setup` says is: nothing is done, and nothing of
 * the batch is at fault.
 */
async function reachable<Result>(prepare: () => Promise<Result>, log: Logger): Promise<Result | undefined> {
  try {
    return await prepare();
  } catch (error) {
    if (!isDown(error)) throw error;
    log.error({}, error.message);
    return undefined;
  }
}

/**
 * Tries again, until a time, what is refused at once: each answer that leaves a batch undone uses up one of the service's
 * retries, so it must not come soon.
 */
async function insist<Result>(attempt: () => Promise<Result>, endsAtMs: number, log: Logger): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const leftMs = endsAtMs - Date.now();
      if (!isDown(error) || leftMs <= 0) throw error;
      const pauseMs = backoffMs(pauses, tries, Math.random());
      const isLast = leftMs < pauseMs + pauses.initialDelayMs; // no time for one more
      if (tries === 1 && !isLast) log.warn({}, `${error.message} Trying again.`);
      await new Promise((resolve) => setTimeout(resolve, isLast ? leftMs : pauseMs));
      if (isLast) throw error;
    }
  }
}

function isDown(error: unknown): error is StartupError | DependencyDownError {
  const isUnfit =
    error instanceof StartupError && (error.code === 'CLUSTER_UNREACHABLE' || error.code === 'DATABASE_UNFIT');
  return isUnfit || error instanceof DependencyDownError;
}

function nothingDone({ topic, partition, records }: PartitionBatch): PartitionResult {
  return { topic, partition, firstUndone: records[0]?.offset };
}

function report(log: Logger, { partitions, timedOut }: DispatchResult, { batchItemFailures }: PartialResponse): void {
  if (batchItemFailures.length === 0) return;
  const from = partitions
    .filter(({ firstUndone }) => firstUndone !== undefined)
    .map(({ topic, partition, firstUndone }) => `${topic}-${partition} from offset ${firstUndone}`);
  const why = timedOut ? 'the deadline came first' : 'a dependency is down, or the deadline came first';
  log.warn({ records: batchItemFailures.length, from, why }, 'Records left undone: they will be delivered again');
}

/**
 * One line an invocation, since nobody can ask a function for its metrics. What was done behind an undone record is counted
 * in each delivery, as its outputs are published in each.
 */
function count(
  log: Logger,
  batches: readonly PartitionBatch[],
  { recordsOut, recordsDead, recordsFiltered, retries }: Metrics,
  { batchItemFailures }: PartialResponse,
): void {
  const dead = Object.values(recordsDead).reduce((sum, one) => sum + one, 0);
  const records = batches.reduce((sum, batch) => sum + batch.records.length, 0);
  log.info(
    {
      records,
      outputs: recordsOut,
      deadLetters: dead,
      filtered: recordsFiltered,
      retries,
      undone: batchItemFailures.length,
    },
    'Event handled',
  );
}
