import { processor } from '../../functions/processor/definition.ts';
import { createContext, createRecord } from '../../functions/runtime/testing.ts';
import { createMarket } from '../../scripts/feed/market.ts';

/** A `market.enriched` value as the processor writes it, and what it says. */
export interface EnrichedSample {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly json: EnrichedJson;
}

type Numbers = Readonly<Record<string, number | null>>;

/** The parts of the message that are told apart by tests. */
export interface EnrichedJson {
  readonly symbol_id: number;
  readonly symbol: string;
  readonly expiry: string;
  readonly timestamp: string | number;
  readonly context: Numbers;
  readonly options: readonly Readonly<Record<string, unknown>>[];
  readonly analyses: {
    readonly pcr: Numbers;
    readonly max_pain: number | null;
    readonly gex: Numbers;
    readonly iv_skew: Numbers;
    readonly futures_basis: Numbers | null;
    readonly vix_divergence: number | null;
  };
}

export interface SampleOptions {
  readonly symbols?: number;
  readonly contracts?: number;
  readonly seed?: number;
  readonly startMs?: number;
}

/** Snapshots of the feed's market through the processor, each at a time of its own: keys take turns. */
export function createSnapshots(options: SampleOptions = {}): () => EnrichedSample {
  const { symbols = 4, contracts = 10, seed = 7, startMs = Date.now() } = options;
  const market = createMarket({ symbols, contracts, seed });
  const context = createContext({ resources: { riskFree: 0.065, dividendYield: 0 } });
  let made = 0;
  return () => {
    const { key, value: raw } = market.next(startMs + made * 10);
    made += 1;
    const output = processor.handle(createRecord({ key, value: raw }), context);
    const value = Buffer.from((output as { value: Buffer }).value);
    return { key, value, json: JSON.parse(String(value)) as EnrichedJson };
  };
}
