/** Every code an error of this project can carry. Those of a dead letter are part of the wire contract. */
export type ErrorCode =
  | DeadLetterCode
  | 'RETRY'
  | 'DEPENDENCY_DOWN'
  | 'BAD_EVENT'
  | 'CONFIG_INVALID'
  | 'CLUSTER_UNFIT'
  | 'CLUSTER_UNREACHABLE'
  | 'DATABASE_UNFIT';

/** The codes that a dead letter can carry in its `error.code` header. */
export type DeadLetterCode =
  | 'DECODE_FAILED'
  | 'CONTRACT_VIOLATED'
  | 'OUTPUT_TOO_LARGE'
  | 'HANDLER_FAILED'
  | 'RETRIES_EXHAUSTED'
  | 'KEY_PARKED';

/** The one base class: what went wrong by `code`, and whether the same record may succeed later. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The record's bytes are not what the contract says. It goes to the dead-letter topic at once, without a retry. */
export class BadInputError extends EngineError {
  constructor(code: 'DECODE_FAILED' | 'CONTRACT_VIOLATED', message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}

/** This record may succeed if it is tried again: retried in place up to the policy's attempts, then a dead letter. */
export class RetryableError extends EngineError {
  constructor(message: string, cause?: unknown) {
    super('RETRY', message, { retryable: true, cause });
  }
}

/** Something that every record needs (a database, a broker) is down: never a dead letter, however long it takes. */
export class DependencyDownError extends EngineError {
  constructor(message: string, cause?: unknown) {
    super('DEPENDENCY_DOWN', message, { retryable: true, cause });
  }
}

/** Settings, cluster or database are not fit to start with. `problems` lists each one, with its remedy. */
export class StartupError extends EngineError {
  readonly problems: readonly string[];

  constructor(
    code: 'CONFIG_INVALID' | 'CLUSTER_UNFIT' | 'CLUSTER_UNREACHABLE' | 'DATABASE_UNFIT',
    problems: readonly string[],
    cause?: unknown,
  ) {
    super(code, problems.join('\n'), { cause });
    this.problems = problems;
  }
}

/** What is kept of a message: it may quote a record. */
const longestMessage = 4_096;

/** The message of anything that was thrown, an Error or not; of a long one its beginning. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown).slice(0, longestMessage);
  } catch {
    return 'a thrown value that cannot be shown';
  }
}

/** A stack repeats its message, which may quote a record: what is logged of it. */
const longestStack = 4_096;

/** Where an error was thrown, as far as it lets that be read: a thrown value may be anything, and its getters as well. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error ? shortened(String(thrown.stack)) : undefined;
  } catch {
    return undefined;
  }
}

/** The frames are what a stack is read for: of a long message in front of them only the beginning stays. */
function shortened(stack: string): string {
  if (stack.length <= longestStack) return stack;
  const first = stack.search(/\n {4}at /);
  if (first < 0) return `${stack.slice(0, longestStack)}...`;
  return `${stack.slice(0, Math.min(first, longestStack / 2))}...${stack.slice(first, first + longestStack / 2)}`;
}
