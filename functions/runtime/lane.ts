import { createBatches } from './batches.ts';
import { createBurials, type Death } from './burial.ts';
import { callWith, isPromise } from './call.ts';
import { CallContext } from './context.ts';
import type { Assignment, HandlerResult } from './contract.ts';
import { oneLine } from './dead-letter.ts';
import { Delivery, type DeliveryOwner, emit, outputsOf } from './delivery.ts';
import { type EngineError, messageOf } from './errors.ts';
import { createGate } from './gate.ts';
import type { Lane, LaneRuntime } from './lane-contract.ts';
import { createLaneEnd } from './lane-end.ts';
import { observe } from './metrics.ts';
import { verdictOn } from './outcome.ts';
import { createRecordQueue } from './queue.ts';
import { backoffMs, dependencyBackoff } from './retry.ts';
import type { Task } from './scheduler.ts';
import { createOffsetTracker } from './tracker.ts';
import { createWaits, heldRecheckMs } from './waits.ts';

const recordsBetweenClockReads = 8;

/** Makes the lane of one partition: what decides what becomes of a record, and when, is here and in what it makes. */
export function createLane<Resources>(runtime: LaneRuntime<Resources>, partition: number): Lane {
  const { definition, metrics, deadLetters, outputs, log } = runtime;
  const queue = createRecordQueue();
  const tracker = createOffsetTracker<Delivery>();
  const gate = createGate(definition.order);
  const waits = createWaits(metrics);
  const end = createLaneEnd(tracker, waits, runtime.onProgress);
  /** The offset behind all that was read; undefined where nobody says it. */
  let readTo: number | undefined;
  let start: number | undefined;

  const assignment: Assignment = {
    get confirmedAtMs() {
      return runtime.confirmedAtMs();
    },
  };
  const owner: DeliveryOwner = { finished, refused };
  const burials = createBurials(runtime, partition, owner);
  const batches = createBatches(runtime, partition, {
    ...{ gate, waits, end, takeAnother, contextOf, handOut, settle, failed, losePatience, held, hold, progressed },
  });
  const task: Task = { run };
  const lane: Lane = {
    partition,
    push(records, bytes, next) {
      if (end.stopping) return;
      queue.push(records, bytes);
      start ??= records[0]?.offset;
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
      return end.settled() && (end.stopping || (queue.length === 0 && tracker.outstanding === 0));
    },
    get start() {
      return start;
    },
    get position() {
      return tracker.position;
    },
    get firstUndone() {
      return tracker.firstUndone?.offset ?? queue.peek()?.offset;
    },
    get triesLater() {
      return waits.triesLater(tracker.firstUndone?.offset ?? -1);
    },
    get tries() {
      const { attempts = 0, waits = 0 } = tracker.firstUndone ?? {};
      return attempts + waits;
    },
    wake() {
      if (mayHandOut()) runtime.scheduler.schedule(task);
    },
    stop,
    abort,
  };
  return lane;

  function mayHandOut(): boolean {
    if (end.stopping || gate.closed || batches.running || waits.dependencyDown || queue.length === 0) return false;
    if (tracker.outstanding >= runtime.maxOutstanding || outputs?.full || deadLetters.full) return false;
    return !burials.hold();
  }

  function run(untilMs: number): boolean {
    if (!runtime.mayWork()) return false; // whoever brings trust back wakes the lanes
    let handedOut = 0;
    while (mayHandOut()) {
      if (definition.handleBatch !== undefined) batches.run();
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

  function takeAnother(): Delivery | undefined {
    return queue.length > 0 && tracker.outstanding < runtime.maxOutstanding ? take() : undefined;
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
    end.inFlight();
    delivery.running = true;
    result.then(
      (value) => landed(delivery, () => settle(delivery, value)),
      (error: unknown) => landed(delivery, () => failed(delivery, error)),
    );
    return false;
  }

  function contextOf(tries: number, { record }: Delivery): CallContext<Resources> {
    return new CallContext(end.signal, tries, runtime.resources, assignment, log, record);
  }

  function landed(delivery: Delivery, conclude: () => boolean): void {
    delivery.running = false;
    if (conclude()) open(delivery);
    end.landed();
    runtime.onProgress?.(); // a record without outputs is done by now, and counted as in flight until here
  }

  function settle(delivery: Delivery, result: HandlerResult): boolean {
    if (end.signal.aborted) return false;
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
    end.inFlight();
  }

  function failed(delivery: Delivery, error: unknown): boolean {
    const verdict = verdictOn(error, delivery.attempts, definition.retry, end.signal.aborted);
    if (verdict.kind === 'dead-letter') {
      bury(delivery, { code: verdict.code, message: verdict.message, error });
      return true;
    }
    if (verdict.kind === 'abandon') return false;
    if (verdict.kind === 'dependency-down') losePatience(delivery);
    if (!end.mayGoOn(delivery) || (end.stopping && verdict.kind === 'dependency-down')) return end.abandon(delivery);
    const { topic, offset } = delivery.record;
    const fields = { topic, partition, offset, attempt: delivery.attempts, error: oneLine(messageOf(error)) };
    if (verdict.kind === 'retry') {
      metrics.retries += 1;
      log.warn(fields, 'Record failed, will be retried');
      waits.nextTry(backoffMs(definition.retry, delivery.attempts, Math.random()), delivery.offset, () =>
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

  /** A host that somebody ends stops the lane when a record has waited for a dependency for too long. */
  function losePatience(delivery: Delivery): void {
    const nowMs = performance.now();
    if (delivery.waits === 0) delivery.waitingSinceMs = nowMs;
    if (nowMs - delivery.waitingSinceMs < runtime.dependencyPatienceMs) return;
    void stop();
    runtime.onProgress?.();
  }

  function again(delivery: Delivery): void {
    if (!end.mayGoOn(delivery)) end.abandon(delivery);
    else if (held()) hold(delivery);
    else if (attempt(delivery)) open(delivery);
    end.look();
  }

  /** Whether even records that were handed out already may not be tried. */
  function held(): boolean {
    return !runtime.mayWork() || burials.hold();
  }

  function hold(delivery: Delivery): void {
    if (end.stopping) end.abandon(delivery);
    else waits.later(heldRecheckMs, delivery.offset, () => again(delivery));
  }

  /** The delivery no longer holds up those behind it: they go on, one by one, until one of them has to wait. */
  function open(delivery: Delivery): void {
    let next = gate.next(delivery);
    while (next !== undefined) {
      if (!end.mayGoOn(next)) {
        end.abandon(next);
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

  function bury(delivery: Delivery, death: Death): void {
    depart(delivery);
    burials.bury(delivery, death);
  }

  function refused(delivery: Delivery, error: EngineError): void {
    // Of several outputs more than one may be refused: one dead letter stands for all.
    if (delivery.deadCode === undefined) {
      bury(delivery, { code: 'OUTPUT_TOO_LARGE', message: error.message, error });
    } else if (delivery.pending === 0) finished(delivery);
  }

  function finished(delivery: Delivery): void {
    if (end.signal.aborted) runtime.onLate?.();
    complete(delivery);
    end.landed();
    progressed();
  }

  function complete(delivery: Delivery): void {
    if (delivery.deadCode !== undefined) burials.buried(delivery.deadCode);
    else if (delivery.outputs === 0) metrics.recordsFiltered += 1;
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

  function stop(): Promise<void> {
    // What is dropped here was read, and is not done.
    if (queue.length > 0) readTo = undefined;
    queue.clear();
    return end.stop();
  }

  function abort(reason: string): void {
    void stop();
    end.abort(reason);
    // What was published and is forgotten is never heard of again.
    outputs?.cancel(owner);
    deadLetters.cancel(owner);
  }
}
