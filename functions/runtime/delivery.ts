import type { HandlerResult, InboundRecord, Output } from './contract.ts';
import { type DeadLetterCode, EngineError } from './errors.ts';
import type { OutboundHeader, OutboundRecord, Publisher, Receipt } from './publisher.ts';
import { wireBytes } from './publisher.ts';
import type { Tracked } from './tracker.ts';
import { headerOf } from './wire-headers.ts';

/** Who is told what became of a delivery: its lane. */
export interface DeliveryOwner {
  /** Everything that the record caused is acknowledged. */
  finished(delivery: Delivery): void;
  refused(delivery: Delivery, error: EngineError): void;
}

/** One record on its way through a lane, and the receipt of all that it caused. A class: there is one per record. */
export class Delivery implements Tracked, Receipt {
  readonly record: InboundRecord;
  readonly offset: number;
  readonly owner: DeliveryOwner;
  done = false;
  attempts = 0;
  /** Waits for a dependency, which are no attempts. */
  waits = 0;
  /** When the first of them began. */
  waitingSinceMs = 0;
  /** Publishes that are not acknowledged yet. */
  pending = 0;
  outputs = 0;
  /** Something of it was published: it counts as in flight until all is acknowledged. */
  departed = false;
  /** Its handler has been called, and has not ended. */
  running = false;
  deadCode: DeadLetterCode | undefined;

  constructor(record: InboundRecord, owner: DeliveryOwner) {
    this.record = record;
    this.offset = record.offset;
    this.owner = owner;
  }

  acknowledged(): void {
    this.pending -= 1;
    if (this.pending === 0) this.owner.finished(this);
  }

  refused(error: EngineError): void {
    this.pending -= 1;
    this.owner.refused(this, error);
  }
}

function isList(result: Output | readonly Output[]): result is readonly Output[] {
  return Array.isArray(result);
}

/** The outputs of a result as a list; an error when the handler returned something else. */
export function outputsOf(result: HandlerResult): readonly Output[] {
  if (result === null || result === undefined) return [];
  const outputs = isList(result) ? result : [result];
  for (const output of outputs) {
    const value: unknown = typeof output === 'object' && output !== null ? output.value : undefined;
    if (value !== null && !isBytes(value)) {
      throw unfit('value', value, 'a Buffer, a string or null');
    }
    const { key, headers } = output;
    // What cannot be encoded could never be sent, and would hold up its partition for good.
    if (key !== undefined && key !== null && !Buffer.isBuffer(key)) throw unfit('key', key, 'a Buffer or null');
    if (headers === undefined || headers === null) continue;
    if (typeof headers !== 'object') throw unfit('list of headers', headers, 'an object');
    for (const name of Object.keys(headers)) {
      if (!isBytes(headers[name])) throw unfit(`header ${name}`, headers[name], 'a Buffer or a string');
    }
  }
  return outputs;
}

function isBytes(value: unknown): boolean {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function unfit(part: string, value: unknown, expected: string): EngineError {
  const found = value === undefined ? 'missing' : value === null ? 'null' : typeof value;
  return new EngineError(
    'HANDLER_FAILED',
    `The handler returned an output whose ${part} is ${found}: ${expected} was expected.`,
  );
}

/**
 * Publishes the outputs of a record, all or none: a record whose second output is too large must not leave its first.
 * @throws EngineError OUTPUT_TOO_LARGE when the topic would refuse one of them
 */
export function emit(delivery: Delivery, outputs: readonly Output[], publisher: Publisher | undefined): void {
  if (publisher === undefined) throw noOutputTopic();
  const [first] = outputs;
  if (outputs.length === 1 && first !== undefined) {
    const record = outboundOf(delivery.record, first);
    publishOne(delivery, record, sizeOf(record, publisher), publisher);
    return;
  }
  const sized = outputs
    .map((output) => outboundOf(delivery.record, output))
    .map((record) => ({ record, bytes: sizeOf(record, publisher) }));
  for (const { record, bytes } of sized) publishOne(delivery, record, bytes, publisher);
}

/**
 * The same result, if its outputs can be published.
 * @throws EngineError what `emit` would throw
 */
export function checkOutputs(
  record: InboundRecord,
  result: HandlerResult,
  publisher: Publisher | undefined,
): HandlerResult {
  for (const output of outputsOf(result)) {
    if (publisher === undefined) throw noOutputTopic();
    sizeOf(outboundOf(record, output), publisher);
  }
  return result;
}

function noOutputTopic(): EngineError {
  return new EngineError(
    'HANDLER_FAILED',
    'The handler returned an output, but its function declares no output topic.',
  );
}

function sizeOf(record: OutboundRecord, publisher: Publisher): number {
  const bytes = wireBytes(record);
  if (bytes <= publisher.maxRecordBytes) return bytes;
  throw new EngineError(
    'OUTPUT_TOO_LARGE',
    `An output of ${bytes} bytes is above what topic ${publisher.topic} takes in one record (${publisher.maxRecordBytes} bytes).`,
  );
}

function publishOne(delivery: Delivery, record: OutboundRecord, bytes: number, publisher: Publisher): void {
  delivery.outputs += 1;
  delivery.pending += 1;
  publisher.publish(delivery.record.partition % publisher.partitionCount, record, bytes, delivery, delivery.owner);
}

function outboundOf(record: InboundRecord, output: Output): OutboundRecord {
  const { topic, partition, offset } = record;
  const source = `${topic}/${partition}/${offset}`;
  const headers: Record<string, OutboundHeader> = { source };
  const trace = headerOf(record, 'traceparent');
  if (trace !== undefined) headers.traceparent = trace;
  if (output.headers !== undefined) {
    Object.setPrototypeOf(headers, null); // a header may be called __proto__
    Object.assign(headers, output.headers, { source });
  }
  return { key: output.key === undefined ? record.key : output.key, value: output.value, headers };
}
