import type { Assignment, HandlerContext, InboundRecord, Logger } from './contract.ts';

/** The context of one call. The logger is made when it is first asked for: most records never log. */
export class CallContext<Resources> implements HandlerContext<Resources> {
  readonly signal: AbortSignal;
  readonly attempt: number;
  readonly resources: Resources;
  readonly assignment: Assignment;
  readonly #parent: Logger;
  readonly #record: InboundRecord;
  #log: Logger | undefined;

  constructor(
    signal: AbortSignal,
    attempt: number,
    resources: Resources,
    assignment: Assignment,
    parent: Logger,
    record: InboundRecord,
  ) {
    this.signal = signal;
    this.attempt = attempt;
    this.resources = resources;
    this.assignment = assignment;
    this.#parent = parent;
    this.#record = record;
  }

  get log(): Logger {
    const { topic, partition, offset } = this.#record;
    this.#log ??= this.#parent.child({ topic, partition, offset, attempt: this.attempt });
    return this.#log;
  }
}
