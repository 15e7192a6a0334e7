import { CallContext } from './context.ts';
import type { FunctionDefinition, HandlerResult, InboundRecord, Logger } from './contract.ts';
import { deadLetterOf, oneLine } from './dead-letter.ts';
import { Delivery, type DeliveryOwner, emit, outputsOf } from './delivery.ts';
import { type EngineError, messageOf } from './errors.ts';
import { createGate } from './gate.ts';
import { type Metrics, observe } from './metrics.ts';
import { verdictOn } from './outcome.ts';
import type { Publisher } from './publisher.ts';
import { createRecordQueue } from './queue.ts';
import { backoffMs } from './retry.ts';
import type { Scheduler, Task } from './scheduler.ts';
import { createOffsetTracker } from './tracker.ts';

/** What all lanes of a process share. */
export interface LaneRuntime<Resources> {
  readonly definition: FunctionDefinition<Resources>;
  readonly resources: Resources;
  readonly outputs: Publisher | undefined;
  readonly deadLetters: Publisher;
  readonly scheduler: Scheduler;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Records handed out and not yet done, per lane: the bound of what may be published ahead of a stuck record. */
  readonly maxOutstanding: number;
  /** A dependency is down: `wait` for it however long that takes, or `stop` and leave the rest undone. */
  readonly onDependencyDown: 'wait' | 'stop';
  /** False while nothing may be handed out, whatever is queued: the membership of the group is in doubt. */
  readonly mayWork: () => boolean;
  /** Called when a lane has room again, or has finished something. */
  readonly onProgress?: (lane: Lane) => void;
}

/** One partition's records on their way: in order, retried, dead-lettered, tracked to the offset to commit. */
export interface Lane {
  readonly partition: number;
  push(records: readonly InboundRecord[], bytes: number): void;
  readonly bufferedRecords: number;
  readonly bufferedBytes: number;
  /** Handed out and not done. */
  readonly outstanding: number;
  /** The offset to commit, or `undefined` while nothing is done. */
  readonly position: number | undefined;
  /** The offset of the first record that is not done, if any was pushed. */
  readonly firstUndone: number | undefined;
  /** Looks again whether there is something to hand out: after room or trust came back. */
  wake(): void;
  /** Nothing more is handed out; resolves when what is in flight is done, or cannot be. */
  stop(): Promise<void>;
  /** Stops at once: handlers are told by their signal, and nothing more of this lane is published. */
  abort(reason: string): void;
}

/** Wait between tries while a dependency is down. */
const dependencyBackoff = { initialDelayMs: 100, maxDelayMs: 5_000 };
const batchRecords = 500;

export function createLane<Resources>(runtime: LaneRuntime<Resources>, partition: number): Lane {
  const { definition, metrics, deadLetters, outputs } = runtime;
  const abortion = new AbortController();
  const queue = createRecordQueue();
  const tracker = createOffsetTracker<Delivery>();
  const gate = createGate(definition.order);
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;
  let waitingForDependency = 0;
  let batchRunning = false;
  let deadLettersOutstanding = 0;
  /** In a handler, or published and not acknowledged: what a drain waits for. Waiting for a retry is not in flight. */
  let inFlight = 0;
  let whenIdle: (() => void)[] = [];

  const owner: DeliveryOwner = { finished, refused };
  const task: Task = { run };
  const lane: Lane = {
    partition,
    push(records, bytes) {
      if (stopping) return;
      queue.push(records, bytes);
      runtime.scheduler.schedule(task);
    },
    get bufferedRecords() {
      return queue.length;
    },
    get bufferedBytes() {
      return queue.bytes;
    },
    get outstanding() {
      return tracker.outstanding;
    },
    get position() {
      return tracker.position;
    },
    get firstUndone() {
      return tracker.firstUndone?.offset ?? queue.peek()?.offset;
    },
    wake: () => {
      if (mayHandOut()) runtime.scheduler.schedule(task);
    },
    stop,
    abort,
  };
  return lane;

  function mayHandOut(): boolean {
    if (stopping || gate.closed || batchRunning || waitingForDependency > 0 || queue.length === 0) return false;
    if (tracker.outstanding >= runtime.maxOutstanding || outputs?.full || deadLetters.full) return false;
    // While the dead-letter topic fails, nothing overtakes a record that is on its way there.
    return !(deadLettersOutstanding > 0 && deadLetters.degraded);
  }

  function run(untilMs: number): boolean {
    if (!runtime.mayWork()) return false; // whoever brings trust back wakes the lanes
    let turns = 0;
    while (mayHandOut()) {
      if (definition.handleBatch !== undefined) void runBatch();
      else handOut(take());
      turns += 1;
      if ((turns & 7) === 0 && performance.now() >= untilMs) break;
    }
    return mayHandOut();
  }

  function take(): Delivery {
    const delivery = new Delivery(queue.shift(), owner);
    tracker.add(delivery);
    metrics.recordsIn += 1;
    return delivery;
  }

  function handOut(delivery: Delivery): void {
    if (gate.queued(delivery)) return;
    if (!attempt(delivery)) gate.close(delivery);
  }

  /** Calls the handler. True when the record no longer holds up those behind it; false when it waits. */
  function attempt(delivery: Delivery): boolean {
    delivery.attempts += 1;
    let result: HandlerResult | Promise<HandlerResult>;
    try {
      result = call(delivery);
    } catch (error) {
      return failed(delivery, error);
    }
    if (!isPromise(result)) return settle(delivery, result);
    inFlight += 1;
    result.then(
      (value) => landed(delivery, () => settle(delivery, value)),
      (error: unknown) => landed(delivery, () => failed(delivery, error)),
    );
    return false;
  }

  function landed(delivery: Delivery, conclude: () => boolean): void {
    const passed = conclude();
    release(1);
    if (passed) open(delivery);
  }

  function call(delivery: Delivery): HandlerResult | Promise<HandlerResult> {
    const context = contextFor(delivery);
    if (definition.handle !== undefined) return definition.handle(delivery.record, context);
    const results = definition.handleBatch([delivery.record], context);
    return isPromise(results) ? results.then((list) => single(list[0])) : single(results[0]);
  }

  function contextFor(delivery: Delivery): CallContext<Resources> {
    return new CallContext(abortion.signal, delivery.attempts, runtime.resources, runtime.log, delivery.record);
  }

  /** A batch function's first try. Those that fail are tried on alone, so that one bad record fails no other. */
  async function runBatch(): Promise<void> {
    if (definition.handleBatch === undefined) return;
    const batch: Delivery[] = [];
    while (batch.length < batchRecords && queue.length > 0) {
      const delivery = take();
      if (!gate.queued(delivery)) batch.push(delivery);
    }
    const first = batch[0];
    if (first === undefined) return;
    batchRunning = true;
    inFlight += 1;
    let results: readonly (HandlerResult | Error)[] | undefined;
    try {
      for (const delivery of batch) delivery.attempts += 1;
      results = await definition.handleBatch(
        batch.map((delivery) => delivery.record),
        contextFor(first),
      );
    } catch (error) {
      runtime.log.debug({ error: messageOf(error), records: batch.length }, 'A batch failed: trying its records alone');
    }
    batchRunning = false;
    for (const [index, delivery] of batch.entries()) {
      if (results === undefined) {
        delivery.attempts -= 1;
        handOut(delivery);
      } else if (!gate.queued(delivery) && !settleBatch(delivery, results, index)) gate.close(delivery);
    }
    release(1);
    wake();
  }

  function settleBatch(delivery: Delivery, results: readonly (HandlerResult | Error)[], index: number): boolean {
    if (index >= results.length) {
      return failed(delivery, new Error(`The handler returned ${results.length} results, too few for its batch.`));
    }
    const result = results[index];
    return result instanceof Error ? failed(delivery, result) : settle(delivery, result);
  }

  function settle(delivery: Delivery, result: HandlerResult): boolean {
    if (abortion.signal.aborted) return false;
    try {
      const list = outputsOf(result);
      if (list.length === 0) complete(delivery);
      else {
        inFlight += 1;
        try {
          emit(delivery, list, outputs);
        } catch (error) {
          inFlight -= 1;
          throw error;
        }
      }
      return true;
    } catch (error) {
      return failed(delivery, error);
    }
  }

  function failed(delivery: Delivery, error: unknown): boolean {
    const verdict = verdictOn(error, delivery.attempts, definition.retry, abortion.signal.aborted);
    if (verdict.kind === 'dead-letter') {
      bury(delivery, verdict.code, verdict.message, error);
      return true;
    }
    if (verdict.kind === 'abandon') return false;
    if (verdict.kind === 'dependency-down' && runtime.onDependencyDown === 'stop') {
      stopping = true;
      return false;
    }
    const { topic, offset } = delivery.record;
    const fields = { topic, partition, offset, attempt: delivery.attempts, error: oneLine(messageOf(error)) };
    if (verdict.kind === 'retry') {
      metrics.retries += 1;
      runtime.log.warn(fields, 'Record failed, will be retried');
      later(delivery, backoffMs(definition.retry, delivery.attempts, Math.random()));
    } else {
      runtime.log.warn(fields, 'A dependency is down: the partition waits');
      waitForDependency(1);
      // A wait for a dependency is no try of the record: those count only while it is up.
      delivery.attempts -= 1;
      delivery.waits += 1;
      later(delivery, backoffMs(dependencyBackoff, delivery.waits, Math.random()), () => waitForDependency(-1));
    }
    return false;
  }

  function waitForDependency(change: 1 | -1): void {
    waitingForDependency += change;
    metrics.waitingForDependency += change;
  }

  function later(delivery: Delivery, delayMs: number, before?: () => void): void {
    if (stopping) {
      before?.();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      before?.();
      if (stopping) return;
      if (attempt(delivery)) open(delivery);
    }, delayMs);
    timers.add(timer);
  }

  /** The delivery no longer holds up those behind it: they go on, one by one, until one of them has to wait. */
  function open(delivery: Delivery): void {
    let next = gate.next(delivery);
    while (next !== undefined && !stopping && attempt(next)) next = gate.next(next);
    wake();
  }

  function bury(delivery: Delivery, code: NonNullable<Delivery['deadCode']>, message: string, error: unknown): void {
    const { topic, offset } = delivery.record;
    const stack = code === 'HANDLER_FAILED' && error instanceof Error ? { stack: error.stack } : {};
    const fields = { topic, partition, offset, code, error: oneLine(message), attempts: delivery.attempts, ...stack };
    runtime.log.warn(fields, 'Record goes to the dead-letter topic');
    const cause = { code, message, functionName: definition.name, attempts: delivery.attempts };
    delivery.deadCode = code;
    if (delivery.pending === 0) inFlight += 1;
    delivery.pending += 1;
    deadLettersOutstanding += 1;
    deadLetters.publish(
      partition % deadLetters.partitionCount,
      deadLetterOf(delivery.record, cause),
      delivery,
      delivery.owner,
    );
  }

  function refused(delivery: Delivery, error: EngineError): void {
    if (delivery.pending === 0) inFlight -= 1;
    bury(delivery, 'OUTPUT_TOO_LARGE', error.message, error);
  }

  function finished(delivery: Delivery): void {
    complete(delivery);
    release(1);
    wake();
  }

  function complete(delivery: Delivery): void {
    if (delivery.deadCode !== undefined) {
      metrics.recordsDead[delivery.deadCode] += 1;
      deadLettersOutstanding -= 1;
    } else if (delivery.outputs === 0) metrics.recordsFiltered += 1;
    else {
      metrics.recordsOut += delivery.outputs;
      observe(metrics.latency, Math.max(0, Date.now() - delivery.record.timestamp) / 1_000);
    }
    tracker.finish(delivery);
  }

  function wake(): void {
    lane.wake();
    runtime.onProgress?.(lane);
  }

  function release(count: number): void {
    inFlight -= count;
    if (inFlight > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  function stop(): Promise<void> {
    stopping = true;
    queue.clear();
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    metrics.waitingForDependency -= waitingForDependency;
    waitingForDependency = 0;
    if (inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => whenIdle.push(resolve));
  }

  function abort(reason: string): void {
    void stop();
    abortion.abort(new Error(reason));
    outputs?.cancel(owner);
    deadLetters.cancel(owner);
  }
}

function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function single(result: HandlerResult | Error): HandlerResult {
  if (result instanceof Error) throw result;
  return result;
}
