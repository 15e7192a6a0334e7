import { processor } from '../../../functions/processor/definition.ts';
import type { Rates } from '../../../functions/processor/rates.ts';
import type { HandlerContext, InboundRecord } from '../../../functions/runtime/contract.ts';

export const defaultRates: Rates = { riskFree: 0.065, dividendYield: 0 };

const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };

/** The processor's answer to a value, as text. */
export function enrich(value: Buffer | string | null, rates: Rates = defaultRates): string {
  return String(enrichedValue(value, rates));
}

/** The processor's answer to a value, as it gives it. */
export function enrichedValue(value: Buffer | string | null, rates: Rates = defaultRates): Buffer | string | null {
  const record: InboundRecord = {
    topic: 'market.raw',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: null,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: {},
  };
  const { signal } = new AbortController();
  const assignment = { confirmedAtMs: 0 };
  const context: HandlerContext<Rates> = { signal, log, attempt: 1, resources: rates, assignment };
  const result = processor.handle(record, context);
  if (result === null || result === undefined || result instanceof Promise || !('value' in result)) {
    throw new Error('expected one output, at once');
  }
  return result.value;
}
