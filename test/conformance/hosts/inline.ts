import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { InboundRecord } from '../../../functions/runtime/contract.ts';
import type { InvokeResult, PublishedRecord } from '../../../functions/runtime/invoke.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import type { Bundles, Host, Meanwhile, Observed, SourceRecord, Work, Written } from '../work.ts';
import { neutral } from './neutral.ts';

type Invoke = (records: readonly InboundRecord[], options: object) => Promise<InvokeResult>;

/** Names as long as those of a real run: some errors tell sizes that headers with names in them add to. */
export const inlineTopics = {
  source: 'ledger.raw.00000000',
  output: 'ledger.out.00000000',
  deadLetters: 'ledger.dlq.00000000',
};

const timestamp = 1_700_000_000_000;
const redeliverAfterMs = 100;
const forgottenAfterMs = 100;
const timeoutMs = 20_000;
const shortTimeoutMs = 500;

/** Called as a test of a handler calls it: without any server. */
export const inline: Host = {
  name: 'inline',
  run: (work, bundles) => withListener(() => redeliver(work, bundles)),
};

/** What is left undone is handed in again, as any host would. */
async function redeliver(work: Work, bundles: Bundles): Promise<Observed> {
  const invoke = await invokeOf(work, bundles);
  const outputs: Written[] = [];
  const deadLetters: Written[] = [];
  const options = {
    ...{ outputPartitions: work.partitions, deadLetterPartitions: work.deadLetterPartitions },
    timeoutMs: work.trouble ? shortTimeoutMs : timeoutMs,
  };
  let unwritable = unwritableIn(work);
  let meanwhile: Meanwhile | undefined;
  let filtered = 0;
  let records = sourceRecords(work.records);
  do {
    const result = await invoke(records, { ...options, unwritable });
    outputs.push(...result.outputs.map(written));
    deadLetters.push(...result.deadLetters.map(written));
    filtered += result.filtered;
    records = [...result.undone];
    if (unwritable.length > 0) meanwhile = { standsAt: positionsOf(work, records), deadLetters: deadLetters.length };
    unwritable = [];
    if (records.length > 0) await sleep(redeliverAfterMs);
  } while (records.length > 0);
  return { outputs, deadLetters, filtered, ...(meanwhile && { meanwhile }) };
}

function unwritableIn({ trouble }: Work): string[] {
  if (trouble === 'outputs not stored') return ['outputs'];
  return trouble === 'dead letters not stored' ? ['deadLetters'] : [];
}

/** Where a group would stand that has committed all but these. */
function positionsOf({ records, partitions }: Work, undone: readonly InboundRecord[]): number[] {
  return Array.from({ length: partitions }, (_, partition) => {
    const first = undone.find((record) => record.partition === partition);
    return first?.offset ?? records.filter((record) => record.partition === partition).length;
  });
}

async function invokeOf({ functionName, shipped }: Work, bundles: Bundles): Promise<Invoke> {
  // The copy of what ships that lies beside the fixtures: their errors are told by its classes.
  const { runtime } = await import(pathToFileURL(join(dirname(bundles.fixtures), 'functions.mjs')).href);
  const { definitionOf } = await import(pathToFileURL(bundles.fixtures).href);
  const definition = shipped
    ? { ...runtime.functions[functionName], ...inlineTopics }
    : definitionOf(functionName, inlineTopics);
  return (records, options) => runtime.invoke(definition, records, options);
}

/** A promise that a handler forgot ends a process without a listener: the hosts have one, and so must who calls inline. */
async function withListener<Result>(work: () => Promise<Result>): Promise<Result> {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', () => undefined);
  try {
    const result = await work();
    await sleep(forgottenAfterMs);
    return result;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
}

/** The records of a work as a host would hand them in. */
export function sourceRecords(records: readonly SourceRecord[]): InboundRecord[] {
  const next = new Map<number, number>();
  return records.map(({ partition, key, value, headers }) => {
    const offset = next.get(partition) ?? 0;
    next.set(partition, offset + 1);
    const entries = Object.entries(headers).map(([name, one]): [string, Buffer | Buffer[]] => [name, bytesOf(one)]);
    return createRecord({
      ...{ topic: inlineTopics.source, partition, offset, timestamp, key, value },
      headers: Object.fromEntries(entries),
    });
  });
}

function bytesOf(value: Buffer | string | string[]): Buffer | Buffer[] {
  if (Array.isArray(value)) return value.map((one) => Buffer.from(one));
  return Buffer.isBuffer(value) ? value : Buffer.from(value);
}

/** A published record as a topic would hold it. */
export function written({ partition, key, value, headers }: PublishedRecord): Written {
  const text = Object.entries(headers).map(([name, one]): [string, string | string[]] => [
    name,
    Array.isArray(one) ? one.map((each: Buffer) => each.toString('latin1')) : (one as Buffer).toString('latin1'),
  ]);
  return {
    partition,
    key: key?.toString('latin1') ?? null,
    value: value?.toString('latin1') ?? null,
    headers: neutral(Object.fromEntries(text), () => timestamp),
  };
}
