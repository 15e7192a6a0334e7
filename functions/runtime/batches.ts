import { resultAt } from './call.ts';
import type { CallContext } from './context.ts';
import type { BatchResult, HandlerResult } from './contract.ts';
import { oneLine } from './dead-letter.ts';
import type { Delivery } from './delivery.ts';
import { messageOf } from './errors.ts';
import type { Gate } from './gate.ts';
import type { LaneRuntime } from './lane-contract.ts';
import type { LaneEnd } from './lane-end.ts';
import { verdictOn } from './outcome.ts';
import { backoffMs, dependencyBackoff } from './retry.ts';
import { heldRecheckMs, type Waits } from './waits.ts';

const batchRecords = 500;

/** How its lane deals with one record. */
export interface OneByOne<Resources> {
  readonly gate: Gate;
  readonly waits: Waits;
  readonly end: LaneEnd;
  /** The next record, while there is one and room for it. */
  takeAnother(): Delivery | undefined;
  contextOf(tries: number, delivery: Delivery): CallContext<Resources>;
  handOut(delivery: Delivery): void;
  /** Both: true when the record no longer holds up those behind it. */
  settle(delivery: Delivery, result: HandlerResult): boolean;
  failed(delivery: Delivery, error: unknown): boolean;
  /** A dependency is down for this record: stops the lane where it has waited for too long. */
  losePatience(delivery: Delivery): void;
  /** Whether even records that were handed out already may not be tried; and what is done with one then. */
  held(): boolean;
  hold(delivery: Delivery): void;
  progressed(): void;
}

/** The tries of a function that takes its records in batches. */
export interface Batches {
  /** One at a time: nothing else is handed out until it is settled. */
  readonly running: boolean;
  run(): void;
}

export function createBatches<Resources>(
  { definition, log }: LaneRuntime<Resources>,
  partition: number,
  lane: OneByOne<Resources>,
): Batches {
  const { gate, waits, end } = lane;
  const batches = {
    running: false,
    run() {
      const batch: Delivery[] = [];
      while (batch.length < batchRecords) {
        const delivery = lane.takeAnother();
        if (delivery === undefined) break;
        if (!gate.queued(delivery)) batch.push(delivery);
      }
      const [first] = batch;
      if (first !== undefined) void tryTogether(batch, first);
    },
  };
  return batches;

  /**
   * If it fails, its records are tried on alone, so that one bad record fails no other; but when a dependency is down,
   * all of them wait together: it comes back to a batch, not to hundreds of calls.
   */
  async function tryTogether(batch: readonly Delivery[], first: Delivery): Promise<void> {
    if (definition.handleBatch === undefined) return;
    const records = batch.map((delivery) => delivery.record);
    batches.running = true;
    end.inFlight();
    for (const delivery of batch) delivery.running = true;
    let results: readonly BatchResult[] | undefined;
    try {
      results = await definition.handleBatch(records, lane.contextOf(1, first));
    } catch (error) {
      for (const delivery of batch) delivery.running = false;
      const verdict = verdictOn(error, 1, definition.retry, end.signal.aborted);
      if (verdict.kind === 'dependency-down') {
        waitTogether(batch, first, error);
        end.landed();
        return;
      }
      log.debug(
        { partition, error: messageOf(error), records: batch.length },
        'A batch failed: trying its records alone',
      );
    }
    batches.running = false;
    for (const [index, delivery] of batch.entries()) {
      delivery.running = false; // one by one: while the lane stops, those behind it are still to come
      if (results === undefined) alone(delivery);
      else if (!gate.queued(delivery) && !settle(delivery, resultAt(results, index))) gate.close(delivery);
    }
    end.landed();
    lane.progressed();
  }

  /** The batch counts as running until it goes on: nothing else is handed out meanwhile. */
  function waitTogether(batch: readonly Delivery[], first: Delivery, error: unknown): void {
    lane.losePatience(first);
    if (end.stopping) {
      end.abandon(first);
      return;
    }
    const { topic, offset } = first.record;
    const fields = { topic, partition, offset, records: batch.length, error: oneLine(messageOf(error)) };
    log.warn(fields, 'A dependency is down: the partition waits');
    first.waits += 1;
    waits.forDependency(backoffMs(dependencyBackoff, first.waits, Math.random()), offset, () => goOn(batch, first));
  }

  function goOn(batch: readonly Delivery[], first: Delivery): void {
    if (end.stopping) end.abandon(first);
    else if (lane.held()) waits.later(heldRecheckMs, first.offset, () => goOn(batch, first));
    else void tryTogether(batch, first);
    end.look();
  }

  /** Tries a record of a failed batch by itself, unless the lane has to stop or stand still by now. */
  function alone(delivery: Delivery): void {
    if (!end.mayGoOn(delivery)) end.abandon(delivery);
    else if (!lane.held()) lane.handOut(delivery);
    else if (!gate.queued(delivery)) {
      gate.close(delivery);
      lane.hold(delivery);
    }
  }

  function settle(delivery: Delivery, result: BatchResult): boolean {
    delivery.attempts += 1;
    return result instanceof Error ? lane.failed(delivery, result) : lane.settle(delivery, result);
  }
}
