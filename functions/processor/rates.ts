import { StartupError } from '../runtime/errors.ts';

/** Both rates are continuous and annual, as fractions: 0.065 is 6.5 %. */
export interface Rates {
  /** r, the risk-free rate (`RISK_FREE_RATE`). */
  readonly riskFree: number;
  /** q, the dividend yield of the underlying (`DIVIDEND_YIELD`). */
  readonly dividendYield: number;
}

/** What either rate may be. The upper bound catches a percentage given where a fraction is meant. */
export const rateBounds = { min: -0.5, max: 1 } as const;

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/**
 * Reads the rates from the environment; an absent or empty variable takes its default (0.065 and 0).
 *
 * @throws StartupError `CONFIG_INVALID`, naming every variable that is wrong.
 */
export function readRates(env: Readonly<Record<string, string | undefined>>): Rates {
  const problems: string[] = [];
  const read = (name: string, fallback: number): number => {
    const text = env[name]?.trim() ?? '';
    if (text === '') return fallback;
    const value = decimal.test(text) ? Number(text) : Number.NaN;
    if (value >= rateBounds.min && value <= rateBounds.max) return value;
    problems.push(
      `${name} is ${JSON.stringify(text.slice(0, 40))}: expected a fraction from ${rateBounds.min} to ${rateBounds.max} ` +
        `(0.065 means 6.5 % a year, continuous)`,
    );
    return fallback;
  };
  const rates = { riskFree: read('RISK_FREE_RATE', 0.065), dividendYield: read('DIVIDEND_YIELD', 0) };
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', problems);
  return rates;
}
