import type { Random } from './random.ts';

/** What does not change about an underlying. */
export interface SymbolSpec {
  readonly id: number;
  readonly name: string;
  /** Where its spot starts, roughly. */
  readonly level: number;
  readonly strikeStep: number;
  readonly lotSize: number | null;
  /** At-the-money volatility on an ordinary day, per year as a fraction. */
  readonly sigma: number;
  /** Day of expiry, 0 Sunday to 6 Saturday. */
  readonly expiryWeekday: number;
  readonly hasFutures: boolean;
  readonly hasVix: boolean;
  readonly hasChange: boolean;
  /** Writes its timestamps as epoch milliseconds instead of ISO 8601. */
  readonly epochTimestamps: boolean;
}

const complete = { hasFutures: true, hasVix: true, hasChange: true, epochTimestamps: false };
const tuesday = 2;
const thursday = 4;

const indices: readonly SymbolSpec[] = [
  ['NIFTY', 13, 24_100, 50, 75, 0.125, tuesday] as const,
  ['BANKNIFTY', 25, 51_800, 100, 35, 0.15, tuesday] as const,
  ['FINNIFTY', 27, 23_900, 50, 65, 0.15, tuesday] as const,
  ['MIDCPNIFTY', 442, 12_400, 25, 140, 0.18, tuesday] as const,
  ['SENSEX', 51, 79_400, 100, 20, 0.125, thursday] as const,
  ['BANKEX', 69, 58_900, 100, 30, 0.155, thursday] as const,
].map(([name, id, level, strikeStep, lotSize, sigma, expiryWeekday]) => ({
  ...complete,
  ...{ name, id, level, strikeStep, lotSize, sigma, expiryWeekday },
}));

const steps = [1, 2.5, 5, 10, 20, 25, 50, 100, 250, 500];

/** The six indices first, then synthetic underlyings, some of which leave optional fields out as real feeds do. */
export function symbolSpecs(count: number, random: Random): SymbolSpec[] {
  const specs = indices.slice(0, count);
  for (let number = 1; specs.length < count; number++) specs.push(synthetic(number, random));
  return specs;
}

function synthetic(number: number, random: Random): SymbolSpec {
  const level = Math.exp(random.between(Math.log(150), Math.log(60_000)));
  return {
    id: 10_000 + number,
    name: `SYN${String(number).padStart(4, '0')}`,
    level,
    strikeStep: steps.find((step) => step >= level * 0.004) ?? 500,
    lotSize: random.uniform() < 0.06 ? null : Math.max(5, Math.round(1_500_000 / level / 5) * 5),
    sigma: random.between(0.14, 0.42),
    expiryWeekday: random.uniform() < 0.8 ? tuesday : thursday,
    hasFutures: random.uniform() < 0.85,
    hasVix: random.uniform() < 0.9,
    hasChange: random.uniform() < 0.95,
    epochTimestamps: random.uniform() < 0.1,
  };
}
