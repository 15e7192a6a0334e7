import type { RetryPolicy } from './contract.ts';
import { type DeadLetterCode, DependencyDownError, EngineError, messageOf } from './errors.ts';

/** What to do with a record whose handler threw. */
export type Verdict =
  | { readonly kind: 'dead-letter'; readonly code: DeadLetterCode; readonly message: string }
  | { readonly kind: 'retry' }
  | { readonly kind: 'dependency-down' }
  | { readonly kind: 'abandon' };

const deadLetterCodes: ReadonlySet<string> = new Set<DeadLetterCode>([
  'DECODE_FAILED',
  'CONTRACT_VIOLATED',
  'OUTPUT_TOO_LARGE',
  'RETRIES_EXHAUSTED',
  'KEY_PARKED',
]);

function isRetryable(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'retryable' in thrown && thrown.retryable === true;
}

/** A thrown value may be anything: a proxy, or an object whose getters throw. Whatever it does, it is a bug. */
function isHostile(thrown: unknown): boolean {
  try {
    isRetryable(thrown);
    void (thrown instanceof Error);
    return false;
  } catch {
    return true;
  }
}

/**
 * The outcome table, for errors: the one place that says which errors are retried, which wait and which are dead.
 * A handler that throws after its signal was aborted has obeyed: its record is left undone, whatever it threw.
 */
export function verdictOn(thrown: unknown, attempts: number, policy: RetryPolicy, aborted: boolean): Verdict {
  if (aborted) return { kind: 'abandon' };
  const message = messageOf(thrown);
  if (isHostile(thrown)) return { kind: 'dead-letter', code: 'HANDLER_FAILED', message };
  if (thrown instanceof DependencyDownError) return { kind: 'dependency-down' };
  if (thrown instanceof EngineError && deadLetterCodes.has(thrown.code)) {
    return { kind: 'dead-letter', code: thrown.code as DeadLetterCode, message };
  }
  if (!isRetryable(thrown)) return { kind: 'dead-letter', code: 'HANDLER_FAILED', message };
  if (attempts < policy.attempts) return { kind: 'retry' };
  return { kind: 'dead-letter', code: 'RETRIES_EXHAUSTED', message };
}
