import { pathToFileURL } from 'node:url';
import { processor } from '../../functions/processor/definition.ts';
import { CallContext } from '../../functions/runtime/context.ts';
import type { HandlerContext, InboundRecord, Output } from '../../functions/runtime/contract.ts';
import { createLogger } from '../../functions/runtime/log.ts';
import { createMarket } from '../feed/market.ts';
import { buildBundle } from '../support/bundle.ts';
import { allocatedBy } from './allocation.ts';
import { compare } from './cpu.ts';

/** What one handler call costs beside the floor: `JSON.parse` of the input and `JSON.stringify` of the output. */
export interface HandlerCost {
  readonly contracts: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly handlerUs: number;
  readonly floorUs: number;
  readonly ratio: number;
  /** Of V8's heap, a call; the bytes of the output are not on it. */
  readonly allocatedBytes: number;
  readonly floorAllocatedBytes: number;
}

const distinctRecords = 64;
const rounds = 15;

/** Measures the processor's handler alone, on chains of the given size from the feed's own market. */
export async function benchHandler(contracts: number): Promise<HandlerCost> {
  const { handle, records, contexts } = await prepare(contracts, await loadBundled());
  const inputs = records.map((record) => record.value ?? Buffer.alloc(0));
  const parsed = await enrichedSamples(contracts);
  const outputBytes = parsed.reduce((sum: number, value) => sum + JSON.stringify(value).length, 0);
  let next = 0;
  const index = (): number => (next = (next + 1) % distinctRecords);
  const callsPerRound = Math.max(distinctRecords, Math.round(200_000 / (contracts + 10)));
  const work = {
    handler: () => {
      const at = index();
      return handle(records[at] as InboundRecord, contexts[at] as (typeof contexts)[number]);
    },
    floor: () => {
      const at = index();
      JSON.parse((inputs[at] as Buffer).toString());
      return JSON.stringify(parsed[at]);
    },
  };
  const cost = compare(work, { rounds, callsPerRound });
  return {
    contracts,
    inputBytes: Math.round(inputs.reduce((sum, bytes) => sum + bytes.length, 0) / distinctRecords),
    outputBytes: Math.round(outputBytes / distinctRecords),
    handlerUs: cost.handler,
    floorUs: cost.floor,
    ratio: cost.handler / cost.floor,
    allocatedBytes: allocatedBy(work.handler, callsPerRound),
    floorAllocatedBytes: allocatedBy(work.floor, callsPerRound),
  };
}

/** The processor's outputs for the same chains, parsed: what a floor has to stringify. */
export async function enrichedSamples(contracts: number): Promise<unknown[]> {
  const { handle, records, contexts } = await prepare(contracts, processor);
  return records.map((record, index): unknown => {
    const output = handle(record, contexts[index] as (typeof contexts)[number]) as Output;
    return JSON.parse(output.value?.toString() ?? 'null');
  });
}

/** Where the processor as it ships is: in a bundle that is made as the one of all functions is. */
export async function bundleHandler(): Promise<string> {
  const { path } = await buildBundle({
    entry: 'functions/processor/definition.ts',
    outfile: '.local/bench/processor.mjs',
  });
  return path;
}

async function loadBundled(): Promise<typeof processor> {
  const bundle: { processor: typeof processor } = await import(pathToFileURL(await bundleHandler()).href);
  return bundle.processor;
}

/** A handler, with so many records of a believable market and their contexts. */
export async function prepare(contracts: number, { setup, handle }: typeof processor, count = distinctRecords) {
  const resources = await setup?.({});
  if (handle === undefined || resources === undefined) throw new Error('The processor has no handler.');
  const records = recordsOf(contracts, count);
  const log = createLogger('silent', {});
  const { signal } = new AbortController();
  const contexts = records.map((record): HandlerContext<typeof resources> => {
    return new CallContext(signal, 1, resources, { confirmedAtMs: 0 }, log, record);
  });
  return { handle, records, contexts };
}

function recordsOf(contracts: number, count: number): InboundRecord[] {
  const market = createMarket({ symbols: count, contracts, seed: 7 });
  const now = Date.parse('2026-11-23T05:00:00Z');
  return Array.from({ length: count }, (_, offset) => {
    const { key, value } = market.next(now);
    return { topic: 'market.raw', partition: 0, offset, timestamp: now, key, value: Buffer.from(value), headers: {} };
  });
}
