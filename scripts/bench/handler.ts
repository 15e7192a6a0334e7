import { processor } from '../../functions/processor/definition.ts';
import { CallContext } from '../../functions/runtime/context.ts';
import type { HandlerContext, InboundRecord, Output } from '../../functions/runtime/contract.ts';
import { createLogger } from '../../functions/runtime/log.ts';
import { createMarket } from '../feed/market.ts';
import { compare } from './cpu.ts';

/** What one handler call costs beside the floor: `JSON.parse` of the input and `JSON.stringify` of the output. */
export interface HandlerCost {
  readonly contracts: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly handlerUs: number;
  readonly floorUs: number;
  readonly ratio: number;
}

const distinctRecords = 64;
const rounds = 15;

/** Measures the processor's handler alone, on chains of the given size from the feed's own market. */
export async function benchHandler(contracts: number): Promise<HandlerCost> {
  if (processor.handle === undefined) throw new Error('The processor has no handle.');
  const { handle } = processor;
  const resources = await processor.setup?.({});
  if (resources === undefined) throw new Error('The processor has no setup.');
  const records = recordsOf(contracts);
  const log = createLogger('silent', {});
  const contexts = records.map((record): HandlerContext<typeof resources> => {
    return new CallContext(new AbortController().signal, 1, resources, log, record);
  });
  const inputs = records.map((record) => record.value ?? Buffer.alloc(0));
  const outputs = records.map((record, index) => {
    const output = handle(record, contexts[index] as HandlerContext<typeof resources>) as Output;
    return output.value?.toString() ?? '';
  });
  const parsed = outputs.map((text): unknown => JSON.parse(text));

  let next = 0;
  const index = (): number => (next = (next + 1) % distinctRecords);
  const callsPerRound = Math.max(distinctRecords, Math.round(200_000 / (contracts + 10)));
  const cost = compare(
    {
      handler: () => {
        const at = index();
        return handle(records[at] as InboundRecord, contexts[at] as HandlerContext<typeof resources>);
      },
      floor: () => {
        const at = index();
        JSON.parse((inputs[at] as Buffer).toString());
        return JSON.stringify(parsed[at]);
      },
    },
    { rounds, callsPerRound },
  );
  return {
    contracts,
    inputBytes: Math.round(inputs.reduce((sum, bytes) => sum + bytes.length, 0) / distinctRecords),
    outputBytes: Math.round(outputs.reduce((sum, text) => sum + text.length, 0) / distinctRecords),
    handlerUs: cost.handler,
    floorUs: cost.floor,
    ratio: cost.handler / cost.floor,
  };
}

function recordsOf(contracts: number): InboundRecord[] {
  const market = createMarket({ symbols: distinctRecords, contracts, seed: 7 });
  const now = Date.parse('2026-11-23T05:00:00Z');
  return Array.from({ length: distinctRecords }, (_, offset) => {
    const { key, value } = market.next(now);
    return { topic: 'market.raw', partition: 0, offset, timestamp: now, key, value: Buffer.from(value), headers: {} };
  });
}
