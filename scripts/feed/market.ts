import { indiaTime } from './calendar.ts';
import { partitionHash } from './partition.ts';
import { createRandom, type Random } from './random.ts';
import { symbolSpecs } from './symbols.ts';
import { createUnderlying, type MarketMood, type Underlying } from './underlying.ts';

export interface MarketOptions {
  /** How many underlyings, which is how many keys. */
  readonly symbols: number;
  /** Options in each chain: even, a call and a put a strike. */
  readonly contracts: number;
  readonly seed: number;
}

/** One snapshot of one chain, ready for `market.raw`. */
export interface MarketMessage {
  readonly symbolId: number;
  /** `symbolId` as decimal text; the same Buffer for every message of a symbol. */
  readonly key: Buffer;
  /** Java's murmur2 of the key, positive: the partition is `partitionKey % partitions`. */
  readonly partitionKey: number;
  /** JSON, ASCII only. */
  readonly value: string;
}

export interface Market {
  /** The next snapshot: every symbol gets its turn once a round. The same seed and clock give the same bytes. */
  next(nowMs: number): MarketMessage;
}

interface Seat {
  readonly underlying: Underlying;
  readonly key: Buffer;
  readonly partitionKey: number;
  seenMs: number;
}

/**
 * A market made up from a seed: spots that wander with clustering volatility and a common factor, chains priced with a
 * smile, volumes and open interest that build, weekly expiries. Prices move with the time between a symbol's messages,
 * taken as 0.25 s at least (so that a backlog written in seconds still moves) and 5 s at most.
 */
export function createMarket(options: MarketOptions): Market {
  const random = createRandom(options.seed);
  const seats = shuffled(symbolSpecs(options.symbols, random), random).map((spec): Seat => {
    const key = Buffer.from(String(spec.id));
    const underlying = createUnderlying(spec, options.contracts / 2, random);
    return { underlying, key, partitionKey: partitionHash(key), seenMs: 0 };
  });
  const mood: MarketMood = { vix: 13.2, shock: 0, nowMs: Number.NaN, isoTime: '' };
  let turn = 0;

  function next(nowMs: number): MarketMessage {
    if (turn === seats.length) turn = 0;
    if (turn === 0) startRound(mood, random);
    const seat = seats[turn++];
    if (!seat) throw new RangeError('A market needs at least one symbol');
    // Two snapshots of a chain with one time would be one to whoever stores them.
    const timeMs = Math.max(nowMs, seat.seenMs + 1);
    if (mood.nowMs !== timeMs) {
      mood.nowMs = timeMs;
      mood.isoTime = indiaTime(timeMs);
    }
    const seconds = Math.min(5, Math.max(0.25, (timeMs - seat.seenMs) / 1_000));
    seat.seenMs = timeMs;
    const { underlying, key, partitionKey } = seat;
    return { symbolId: underlying.spec.id, key, partitionKey, value: underlying.snapshot(mood, seconds) };
  }

  return { next };
}

/** The mood of the market drifts: fear (vix) is pulled back to its mean, and jumps up more easily than down. */
function startRound(mood: MarketMood, random: Random): void {
  mood.shock = random.normal();
  const surprise = 0.012 * random.normal() - 0.02 * Math.min(0, mood.shock + 1);
  mood.vix = Math.max(8, mood.vix + 0.004 * (13.2 - mood.vix) + surprise);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random.bits() }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item);
}
