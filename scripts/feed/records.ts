import { createMarket, type MarketOptions } from './market.ts';
import { type PoisonKind, poisonKinds, spoil } from './poison.ts';
import { createRandom } from './random.ts';

/** A record to send, before it has a topic and a partition. */
export interface FeedRecord {
  readonly key: Buffer | null;
  /** The partition is `partitionKey % partitions`: of the symbol's key, even where poison has none of its own. */
  readonly partitionKey: number;
  readonly value: Buffer | string | null;
  /** Why a reader must refuse it; `null` for a good record. */
  readonly poison: PoisonKind | 'replayed' | null;
}

/** Where records come from. */
export interface RecordSource {
  /** Up to `max` records (at least 1) as of `nowMs`; none means that there are no more. */
  pull(max: number, nowMs: number): Promise<FeedRecord[]>;
  close(): Promise<void>;
}

/** Endless records of a made-up market; `poisonShare` of them (0 to 1) spoiled, in the place of the good one. */
export function marketSource(options: MarketOptions, poisonShare: number): RecordSource {
  const market = createMarket(options);
  // Its own stream of chances: the good records are the same whatever the share of poison.
  const random = createRandom(options.seed + 1);

  function next(nowMs: number): FeedRecord {
    const { key, partitionKey, value } = market.next(nowMs);
    if (poisonShare === 0 || random.uniform() >= poisonShare) return { key, partitionKey, value, poison: null };
    const kind = poisonKinds[random.bits() % poisonKinds.length] ?? 'not-json';
    return { partitionKey, poison: kind, ...spoil(kind, { key, value }, random) };
  }

  return {
    pull: async (max, nowMs) => Array.from({ length: max }, () => next(nowMs)),
    close: async () => {},
  };
}
