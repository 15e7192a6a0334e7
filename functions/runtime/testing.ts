import { CallContext } from './context.ts';
import type { Assignment, HandlerContext, InboundRecord, Logger } from './contract.ts';

/** Fields of a test record; those left out have plain defaults. Text becomes bytes. */
export interface RecordFields extends Partial<Omit<InboundRecord, 'key' | 'value'>> {
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
}

/** A record to call a handler with in a test. */
export function createRecord(fields: RecordFields = {}): InboundRecord {
  const { key = null, value = null, ...rest } = fields;
  return {
    topic: 'test',
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: {},
    ...rest,
    key: bytes(key),
    value: bytes(value),
  };
}

function bytes(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/** A context to call a handler with in a test: a signal that is not aborted, a silent logger, the first attempt. */
export function createContext(): HandlerContext<undefined>;
export function createContext<Resources>(fields: {
  readonly resources: Resources;
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  readonly assignment?: Assignment;
  readonly log?: Logger;
}): HandlerContext<Resources>;
export function createContext(
  fields: { resources?: unknown; attempt?: number; signal?: AbortSignal; assignment?: Assignment; log?: Logger } = {},
): HandlerContext<unknown> {
  const { resources, attempt = 1, signal = new AbortController().signal, log = silentLogger } = fields;
  const assignment = fields.assignment ?? { confirmedAtMs: Date.now() };
  return new CallContext(signal, attempt, resources, assignment, log, createRecord());
}
