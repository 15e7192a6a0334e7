import type { InvokeResult } from './environment.ts';
import { type EventFrame, eventOf, maxRecordsBytes, type QueuedRecord } from './payload.ts';
import { remainingAfter } from './response.ts';

/** How the mapping treats what fails. -1 is without end. */
export interface FailurePolicy {
  readonly maxRetries: number;
  readonly maxAgeMs: number;
  readonly bisect: boolean;
}

/** What delivery needs, and whom it tells. */
export interface Delivery {
  readonly frame: EventFrame;
  readonly policy: FailurePolicy;
  readonly signal: AbortSignal;
  invoke(event: string): Promise<InvokeResult>;
  /** These are done with: their partitions' positions may pass them. */
  done(records: readonly QueuedRecord[]): void;
  /** These were given up. Resolves once they are where they go. */
  gaveUp(records: readonly QueuedRecord[], why: string, result: InvokeResult | undefined): Promise<void>;
  count(what: 'partial' | 'retried' | 'bisected'): void;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Delivers a batch until all of it is done or given up, in order. Returns early, with the rest undone, when told to stop.
 * Bisecting uses up no retry, as in the service; how long that pauses between retries is not documented.
 */
export async function deliver(batch: readonly QueuedRecord[], delivery: Delivery): Promise<void> {
  const { policy, signal, frame } = delivery;
  let rest = batch;
  let last: InvokeResult | undefined;
  for (let retries = 0; rest.length > 0 && !signal.aborted; retries += 1) {
    const [fit, unfit, why] = sift(rest, policy.maxAgeMs);
    if (unfit.length > 0) {
      await delivery.gaveUp(unfit, why, last);
      delivery.done(unfit);
    }
    rest = fit;
    if (rest.length === 0) return;
    if (policy.maxRetries >= 0 && retries > policy.maxRetries) {
      await delivery.gaveUp(rest, 'RetryAttemptsExhausted', last);
      return delivery.done(rest);
    }
    if (retries > 0) {
      delivery.count('retried');
      await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(retries - 1, 20)), signal);
      if (signal.aborted) return;
    }
    last = await delivery.invoke(eventOf(rest, frame));
    const undone = last.kind === 'response' ? remainingAfter(last.payload, rest) : rest;
    if (undone.length < rest.length) {
      if (undone.length > 0) delivery.count('partial');
      const left = new Set(undone);
      delivery.done(rest.filter((one) => !left.has(one)));
      rest = undone;
    } else if (last.kind !== 'response' && policy.bisect && rest.length > 1) {
      delivery.count('bisected');
      const middle = rest.length >> 1;
      await deliver(rest.slice(0, middle), delivery);
      // What was left undone by a stop must not be overtaken.
      if (!signal.aborted) await deliver(rest.slice(middle), delivery);
      return;
    }
  }
}

/** Ends early when told to stop. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}

/** Those that may be delivered, and those that may not: too old, or too large for any event. */
function sift(
  records: readonly QueuedRecord[],
  maxAgeMs: number,
): [fit: readonly QueuedRecord[], unfit: readonly QueuedRecord[], why: string] {
  const oldestMs = maxAgeMs < 0 ? Number.NEGATIVE_INFINITY : Date.now() - maxAgeMs;
  const tooLarge = records.filter(({ bytes }) => bytes > maxRecordsBytes);
  if (tooLarge.length > 0) return [records.filter((one) => !tooLarge.includes(one)), tooLarge, 'PayloadSizeExceeded'];
  const tooOld = records.filter(({ record }) => record.timestamp < oldestMs);
  if (tooOld.length === 0) return [records, tooOld, ''];
  return [records.filter((one) => !tooOld.includes(one)), tooOld, 'RecordAgeExceeded'];
}
