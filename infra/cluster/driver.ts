/** The state of one broker, as the system sees it now. */
export interface BrokerProcess {
  readonly id: number;
  readonly state: 'running' | 'paused' | 'stopped';
  /** Absent when it is stopped, or when it lives in a container. */
  readonly pid?: number;
  /** When it was started, ISO 8601; absent when it is stopped. */
  readonly since?: string;
}

/** What can run brokers: processes of the machine's Java (`java.ts`) or containers (`docker.ts`). */
export interface Driver {
  /** The state of every broker, in order of id. */
  inspect(): BrokerProcess[];
  /** Starts brokers that are stopped. It does not wait until they answer. */
  launch(ids: readonly number[]): Promise<void>;
  /** Ends brokers cleanly, and those that have not ended after the grace by force. A paused one is resumed for it. */
  stop(ids: readonly number[], graceMs: number): Promise<void>;
  /** As a crash: nothing is flushed or handed over. Resolves when the processes are gone. */
  kill(ids: readonly number[]): Promise<void>;
  pause(id: number): Promise<void>;
  resume(id: number): Promise<void>;
  /** Where a person finds what a broker logged. */
  logs(id: number): string;
  /** The last lines of that log, for an error message. */
  logTail(id: number): string;
  /** Deletes what the brokers stored. They must be stopped. */
  erase(): Promise<void>;
}
