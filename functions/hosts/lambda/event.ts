import type { InboundRecord } from '../../runtime/contract.ts';
import type { PartitionBatch } from '../../runtime/dispatch.ts';
import { inert } from '../../runtime/log.ts';
import { BadEventError } from './bad-event.ts';
import { readRecord } from './record.ts';

const sources = ['aws:kafka', 'SelfManagedKafka'];
const expected = `{"eventSource": ${sources.map((one) => `"${one}"`).join(' or ')}, "records": {"topic-0": [...]}}`;

/**
 * The records of a Kafka event, by partition and in offset order. Nothing of an event that is not whole is handled: the
 * service sends the batch again.
 * @param event what the event source mapping sent: untrusted
 * @throws BadEventError with what was expected and what came
 */
export function readEvent(event: unknown, topic: string): PartitionBatch[] {
  if (!isObject(event)) throw new BadEventError(`A Kafka event was expected, ${expected}, but ${nameOf(event)} came.`);
  if (!sources.some((source) => source === event.eventSource)) {
    throw new BadEventError(
      `A Kafka event was expected, ${expected}, but its eventSource is ${short(event.eventSource)}: ` +
        'point the event source mapping of a Kafka topic at this function.',
    );
  }
  if (!isObject(event.records)) {
    throw new BadEventError(`A Kafka event was expected, ${expected}, but its records are ${nameOf(event.records)}.`);
  }
  const batches = new Map<string, InboundRecord[]>();
  for (const [name, list] of Object.entries(event.records)) {
    if (!Array.isArray(list)) {
      throw new BadEventError(`A list of records was expected at records.${short(name)}, but ${nameOf(list)} came.`);
    }
    for (const [index, one] of list.entries()) {
      const record = readRecord(one, `records.${short(name)}[${index}]`);
      if (record.topic !== topic) {
        throw new BadEventError(
          `Records of topic ${topic} were expected, but records.${short(name)}[${index}] is of ${short(record.topic)}: ` +
            'correct the topic of the event source mapping, or SOURCE_TOPIC.',
        );
      }
      const batch = batches.get(`${record.partition}`);
      if (batch === undefined) batches.set(`${record.partition}`, [record]);
      else batch.push(record);
    }
  }
  return [...batches.values()].map(inOrder);
}

/** By offset, each once: a poller may gather a partition's records from several fetches. */
function inOrder(records: InboundRecord[]): PartitionBatch {
  const { topic, partition } = records[0] as InboundRecord; // a batch is made with its first record
  const sorted = isSorted(records) ? records : records.toSorted((a, b) => a.offset - b.offset);
  return { topic, partition, records: sorted.filter((record, index) => record.offset !== sorted[index - 1]?.offset) };
}

function isSorted(records: readonly InboundRecord[]): boolean {
  return records.every((record, index) => index === 0 || record.offset >= (records[index - 1]?.offset ?? 0));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

/** A value of an event as it may be shown: on one line, not long, and with nothing in it that a terminal obeys. */
function short(value: unknown): string {
  const text = jsonOf(value) ?? nameOf(value);
  return inert(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** What is nested too deep has none, and is not worth a stack overflow. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
