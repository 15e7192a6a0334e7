import { callWith, isPromise, resultAt } from './call.ts';
import { CallContext } from './context.ts';
import type { Assignment, BatchResult, HandlerResult } from './contract.ts';
import { deadLetterOf, oneLine } from './dead-letter.ts';
import { Delivery, type DeliveryOwner, emit, outputsOf } from './delivery.ts';
import { type DeadLetterCode, type EngineError, messageOf, stackOf } from './errors.ts';
import { createGate } from './gate.ts';
import type { Lane, LaneRuntime } from './lane-contract.ts';
import { observe } from './metrics.ts';
import { verdictOn } from './outcome.ts';
import { wireBytes } from './publisher.ts';
import { createRecordQueue } from './queue.ts';
import { backoffMs } from './retry.ts';
import type { Task } from './scheduler.ts';
import { createOffsetTracker } from './tracker.ts';
import { createWaits } from './waits.ts';

/** Wait between tries while a dependency is down. */
const dependencyBackoff = { initialDelayMs: 100, maxDelayMs: 5_000 };
const batchRecords = 500;
const recordsBetweenClockReads = 8;
/** How soon a lane that may not go on looks again for a record that has waited long enough. */
const heldRecheckMs = 100;

/** Makes the lane of one partition. Everything that decides what becomes of a record, and when, is below. */
export function createLane<Resources>(runtime: LaneRuntime<Resources>, partition: number): Lane {
  const { definition, metrics, deadLetters, outputs, log } = runtime;
  const abortion = new AbortController();
  const queue = createRecordQueue();
  const tracker = createOffsetTracker<Delivery>();
  const gate = createGate(definition.order);
  const waits = createWaits(metrics);
  let stopping = false;
  let batchRunning = false;
  let deadLettersOutstanding = 0;
  /** In a handler, or published and not acknowledged: what a drain waits for. Waiting for a retry is not in flight. */
  let inFlight = 0;
  let whenIdle: (() => void)[] = [];
  /** The offset behind all that was read; undefined where nobody says it. */
  let readTo: number | undefined;
  /** A stop waits for nothing from here on: this record is left undone, and so is all behind it. */
  let abandonedAt = Number.POSITIVE_INFINITY;

  const assignment: Assignment = {
    get confirmedAtMs() {
      return runtime.confirmedAtMs();
    },
  };
  const owner: DeliveryOwner = { finished, refused };
  const task: Task = { run };
  const lane: Lane = {
    partition,
    push(records, bytes, next) {
      if (stopping) return;
      queue.push(records, bytes);
      readTo = next;
      passGap();
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
    get ended() {
      return settled() && (stopping || (queue.length === 0 && tracker.outstanding === 0));
    },
    get position() {
      return tracker.position;
    },
    get firstUndone() {
      return tracker.firstUndone?.offset ?? queue.peek()?.offset;
    },
    wake() {
      if (mayHandOut()) runtime.scheduler.schedule(task);
    },
    stop,
    abort,
  };
  return lane;

  function mayHandOut(): boolean {
    if (stopping || gate.closed || batchRunning || waits.dependencyDown || queue.length === 0) return false;
    if (tracker.outstanding >= runtime.maxOutstanding || outputs?.full || deadLetters.full) return false;
    return !deadLettersHold();
  }

  /** While the dead-letter topic fails, nothing overtakes a record that is on its way there. */
  function deadLettersHold(): boolean {
    return deadLettersOutstanding > 0 && deadLetters.degraded;
  }

  function run(untilMs: number): boolean {
    if (!runtime.mayWork()) return false; // whoever brings trust back wakes the lanes
    let handedOut = 0;
    while (mayHandOut()) {
      if (definition.handleBatch !== undefined) runBatch();
      else handOut(take());
      handedOut += 1;
      if (handedOut % recordsBetweenClockReads === 0 && performance.now() >= untilMs) break;
    }
    runtime.onProgress?.(); // records without outputs are done by now, and nobody else tells
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
      const returned = callWith(definition, delivery, contextOf(delivery.attempts, delivery));
      // A promise of another make may answer twice, or throw.
      result = isPromise(returned) ? Promise.resolve(returned) : returned;
    } catch (error) {
      return failed(delivery, error);
    }
    if (!(result instanceof Promise)) return settle(delivery, result);
    inFlight += 1;
    delivery.running = true;
    result.then(
      (value) => landed(delivery, () => settle(delivery, value)),
      (error: unknown) => landed(delivery, () => failed(delivery, error)),
    );
    return false;
  }

  function contextOf(tries: number, { record }: Delivery): CallContext<Resources> {
    return new CallContext(abortion.signal, tries, runtime.resources, assignment, log, record);
  }

  function landed(delivery: Delivery, conclude: () => boolean): void {
    delivery.running = false;
    if (conclude()) open(delivery);
    ended();
    runtime.onProgress?.(); // a record without outputs is done by now, and counted as in flight until here
  }

  function runBatch(): void {
    const batch: Delivery[] = [];
    while (batch.length < batchRecords && queue.length > 0 && tracker.outstanding < runtime.maxOutstanding) {
      const delivery = take();
      if (!gate.queued(delivery)) batch.push(delivery);
    }
    const [first] = batch;
    if (first !== undefined) void tryBatch(batch, first);
  }

  /**
   * A batch function's try. If it fails, its records are tried on alone, so that one bad record fails no other; but when a
   * dependency is down, all of them wait together: it comes back to a batch, not to hundreds of calls.
   */
  async function tryBatch(batch: readonly Delivery[], first: Delivery): Promise<void> {
    if (definition.handleBatch === undefined) return;
    const records = batch.map((delivery) => delivery.record);
    batchRunning = true;
    inFlight += 1;
    for (const delivery of batch) delivery.running = true;
    let results: readonly BatchResult[] | undefined;
    try {
      results = await definition.handleBatch(records, contextOf(1, first));
    } catch (error) {
      for (const delivery of batch) delivery.running = false;
      const verdict = verdictOn(error, 1, definition.retry, abortion.signal.aborted);
      if (verdict.kind === 'dependency-down') {
        waitTogether(batch, first, error);
        ended();
        return;
      }
      log.debug(
        { partition, error: messageOf(error), records: batch.length },
        'A batch failed: trying its records alone',
      );
    }
    batchRunning = false;
    for (const [index, delivery] of batch.entries()) {
      delivery.running = false; // one by one: while the lane stops, those behind it are still to come
      if (results === undefined) alone(delivery);
      else if (!gate.queued(delivery) && !settleBatch(delivery, resultAt(results, index))) gate.close(delivery);
    }
    ended();
    progressed();
  }

  /** The batch counts as running until it goes on: nothing else is handed out meanwhile. */
  function waitTogether(batch: readonly Delivery[], first: Delivery, error: unknown): void {
    if (outOfPatience(first)) {
      void stop();
      runtime.onProgress?.();
    }
    if (stopping) {
      abandon(first);
      return;
    }
    const { topic, offset } = first.record;
    const fields = { topic, partition, offset, records: batch.length, error: oneLine(messageOf(error)) };
    log.warn(fields, 'A dependency is down: the partition waits');
    first.waits += 1;
    waits.forDependency(backoffMs(dependencyBackoff, first.waits, Math.random()), offset, () => goOn(batch, first));
  }

  function goOn(batch: readonly Delivery[], first: Delivery): void {
    if (stopping) abandon(first);
    else if (held()) waits.later(heldRecheckMs, first.offset, () => goOn(batch, first));
    else void tryBatch(batch, first);
    tellIfSettled();
  }

  /** Tries a record of a failed batch by itself, unless the lane has to stop or stand still by now. */
  function alone(delivery: Delivery): void {
    if (!mayGoOn(delivery)) abandon(delivery);
    else if (!held()) handOut(delivery);
    else if (!gate.queued(delivery)) {
      gate.close(delivery);
      hold(delivery);
    }
  }

  function settleBatch(delivery: Delivery, result: BatchResult): boolean {
    delivery.attempts += 1;
    return result instanceof Error ? failed(delivery, result) : settle(delivery, result);
  }

  function settle(delivery: Delivery, result: HandlerResult): boolean {
    if (abortion.signal.aborted) return false;
    try {
      const list = outputsOf(result);
      if (list.length === 0) complete(delivery);
      else emit(delivery, list, outputs);
    } catch (error) {
      return failed(delivery, error);
    }
    if (delivery.pending > 0) depart(delivery);
    return true;
  }

  /** Something of the record is on its way to the brokers: a drain waits for it. */
  function depart(delivery: Delivery): void {
    if (delivery.departed) return;
    delivery.departed = true;
    inFlight += 1;
  }

  function failed(delivery: Delivery, error: unknown): boolean {
    const verdict = verdictOn(error, delivery.attempts, definition.retry, abortion.signal.aborted);
    if (verdict.kind === 'dead-letter') {
      bury(delivery, verdict.code, verdict.message, error);
      return true;
    }
    if (verdict.kind === 'abandon') return false;
    if (verdict.kind === 'dependency-down' && outOfPatience(delivery)) {
      void stop();
      runtime.onProgress?.();
    }
    if (!mayGoOn(delivery) || (stopping && verdict.kind === 'dependency-down')) return abandon(delivery);
    const { topic, offset } = delivery.record;
    const fields = { topic, partition, offset, attempt: delivery.attempts, error: oneLine(messageOf(error)) };
    if (verdict.kind === 'retry') {
      metrics.retries += 1;
      log.warn(fields, 'Record failed, will be retried');
      waits.later(backoffMs(definition.retry, delivery.attempts, Math.random()), delivery.offset, () =>
        again(delivery),
      );
    } else {
      log.warn(fields, 'A dependency is down: the partition waits');
      // A wait for a dependency is no try of the record: those count only while it is up.
      delivery.attempts -= 1;
      delivery.waits += 1;
      const delayMs = backoffMs(dependencyBackoff, delivery.waits, Math.random());
      waits.forDependency(delayMs, delivery.offset, () => again(delivery));
    }
    return false;
  }

  function outOfPatience(delivery: Delivery): boolean {
    const nowMs = performance.now();
    if (delivery.waits === 0) delivery.waitingSinceMs = nowMs;
    return nowMs - delivery.waitingSinceMs >= runtime.dependencyPatienceMs;
  }

  function again(delivery: Delivery): void {
    if (!mayGoOn(delivery)) abandon(delivery);
    else if (held()) hold(delivery);
    else if (attempt(delivery)) open(delivery);
    tellIfSettled();
  }

  /**
   * While the lane stops, a record that was handed out and waits (behind another of its key, or for its next try) still
   * goes on when a later one is done or about to be: the position must pass both, or the later one would be doubled.
   */
  function mayGoOn(delivery: Delivery): boolean {
    return !stopping || (!abortion.signal.aborted && delivery.offset < finishLine());
  }

  /** The record is left undone: it will be delivered again, with all behind it. */
  function abandon(delivery: Delivery): false {
    abandonedAt = Math.min(abandonedAt, delivery.offset);
    return false;
  }

  /** The last record that is done or in flight, if all before it can be done as well. */
  function finishLine(): number {
    const last = tracker.last(({ done, departed, running }) => done || departed || running);
    return Math.min(abandonedAt, last?.offset ?? Number.NEGATIVE_INFINITY);
  }

  /** Nothing is in flight, and nothing waits that a stop has to wait for. */
  function settled(): boolean {
    if (inFlight > 0) return false;
    if (!stopping || abortion.signal.aborted) return true;
    return (tracker.firstUndone?.offset ?? Number.POSITIVE_INFINITY) >= finishLine();
  }

  /** Whether even records that were handed out already may not be tried. */
  function held(): boolean {
    return !runtime.mayWork() || deadLettersHold();
  }

  function hold(delivery: Delivery): void {
    if (stopping) abandon(delivery);
    else waits.later(heldRecheckMs, delivery.offset, () => again(delivery));
  }

  /** The delivery no longer holds up those behind it: they go on, one by one, until one of them has to wait. */
  function open(delivery: Delivery): void {
    let next = gate.next(delivery);
    while (next !== undefined) {
      if (!mayGoOn(next)) {
        abandon(next);
        break;
      }
      if (held()) {
        hold(next);
        break;
      }
      if (!attempt(next)) break;
      next = gate.next(next);
    }
    progressed();
  }

  function bury(delivery: Delivery, code: DeadLetterCode, message: string, error: unknown): void {
    const { topic, offset } = delivery.record;
    const stack = code === 'HANDLER_FAILED' ? { stack: stackOf(error) } : {};
    const fields = { topic, partition, offset, code, error: oneLine(message), attempts: delivery.attempts, ...stack };
    log.warn(fields, 'Record goes to the dead-letter topic');
    depart(delivery);
    delivery.deadCode = code;
    delivery.pending += 1;
    deadLettersOutstanding += 1;
    const letter = deadLetterOf(delivery.record, {
      code,
      message,
      functionName: definition.name,
      attempts: delivery.attempts,
    });
    deadLetters.publish(partition % deadLetters.partitionCount, letter, wireBytes(letter), delivery, owner);
  }

  function refused(delivery: Delivery, error: EngineError): void {
    // Of several outputs more than one may be refused: one dead letter stands for all.
    if (delivery.deadCode === undefined) bury(delivery, 'OUTPUT_TOO_LARGE', error.message, error);
    else if (delivery.pending === 0) finished(delivery);
  }

  function finished(delivery: Delivery): void {
    complete(delivery);
    ended();
    progressed();
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
    passGap();
  }

  /** All that was read is done: so are the offsets behind it that hold no record, such as a transaction's marker. */
  function passGap(): void {
    if (readTo !== undefined && tracker.outstanding === 0 && queue.length === 0) tracker.skip(readTo);
  }

  function progressed(): void {
    lane.wake();
    runtime.onProgress?.();
  }

  function ended(): void {
    inFlight -= 1;
    tellIfSettled();
  }

  function tellIfSettled(): void {
    if (!stopping || !settled()) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
    runtime.onProgress?.();
  }

  function stop(): Promise<void> {
    stopping = true;
    // What is dropped here was read, and is not done.
    if (queue.length > 0) readTo = undefined;
    queue.clear();
    abandonedAt = Math.min(abandonedAt, waits.giveUpDependencies());
    waits.giveUpTries(finishLine());
    if (abortion.signal.aborted || settled()) return Promise.resolve();
    return new Promise((resolve) => whenIdle.push(resolve));
  }

  function abort(reason: string): void {
    void stop();
    abortion.abort(new Error(reason));
    waits.giveUpTries(Number.NEGATIVE_INFINITY);
    outputs?.cancel(owner);
    deadLetters.cancel(owner);
    // What was published and is forgotten is never heard of again.
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }
}
