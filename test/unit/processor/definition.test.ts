import { describe, expect, test } from 'vitest';
import { processor } from '../../../functions/processor/definition.ts';
import { readRates } from '../../../functions/processor/rates.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';
import { messageWith } from './message.ts';
import { enrich } from './run.ts';

describe('the definition', () => {
  test('reads market.raw and writes market.enriched, in order of key', () => {
    const { handle, setup, ...facts } = processor;
    expect(facts).toEqual({
      name: 'processor',
      source: 'market.raw',
      group: 'processor-group',
      output: 'market.enriched',
      deadLetters: 'market.raw.dlq',
      order: 'key',
      retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5000 },
    });
  });

  test('every field of the contract is there, in its order', () => {
    const message: unknown = JSON.parse(enrich(JSON.stringify(messageWith())));
    const names = (value: unknown): unknown =>
      Array.isArray(value)
        ? names(value[0])
        : typeof value === 'object' && value !== null
          ? Object.entries(value).map(([name, inner]) => (typeof inner === 'object' ? [name, names(inner)] : name))
          : null;
    expect(names(message)).toEqual([
      'symbol_id',
      'symbol',
      'expiry',
      'timestamp',
      [
        'context',
        'spot_price spot_change spot_change_pct atm_strike atm_iv days_to_expiry lot_size total_call_oi total_put_oi total_call_volume total_put_volume pcr_ratio max_pain_strike'.split(
          ' ',
        ),
      ],
      [
        'options',
        'strike option_type ltp bid ask volume oi iv iv_source price delta gamma theta vega rho intrinsic time_value illiquid oi_pct volume_pct oi_change buildup_type'.split(
          ' ',
        ),
      ],
      [
        'analyses',
        [
          ['pcr', ['oi', 'volume']],
          'max_pain',
          ['gex', ['net', 'call', 'put', 'call_wall', 'put_wall', ['zero_gamma', null]]],
          ['iv_skew', ['put_iv', 'call_iv', 'skew']],
          ['futures_basis', ['basis', 'basis_pct', 'fair_value', 'mispricing', 'annualised_pct']],
          'vix_divergence',
        ],
      ],
    ]);
  });

  test.each([
    ['2026-11-26T09:59:59.999999999Z', 0],
    ['2026-11-23T10:30:00+05:30', 3.208333],
    ['2026-11-23T05:00:00Z', 3.208333],
    ['2026-11-22T23:30:00.000-05:30', 3.208333],
    ['2024-02-29T10:00:00Z', 1001],
    ['0001-01-01T00:00:00Z', 739945.416667],
    ['9999-12-31T23:59:59Z', 0],
    [Date.parse('2026-11-23T05:00:00Z'), 3.208333],
    [-1, 20783.416667],
  ])('the timestamp %s is passed on as it came, %d days before expiry', (timestamp, days) => {
    const message = JSON.parse(enrich(JSON.stringify(messageWith('timestamp', timestamp))));
    expect(message.timestamp).toBe(timestamp);
    expect(message.context.days_to_expiry).toBe(days);
  });
});

describe('the rates', () => {
  test('have defaults, for an absent and for an empty variable', () => {
    expect(readRates({})).toEqual({ riskFree: 0.065, dividendYield: 0 });
    expect(readRates({ RISK_FREE_RATE: '', DIVIDEND_YIELD: ' ' })).toEqual({ riskFree: 0.065, dividendYield: 0 });
  });

  test('are read as fractions', () => {
    const rates = readRates({ RISK_FREE_RATE: '-.005', DIVIDEND_YIELD: '1.2e-2' });
    expect(rates).toEqual({ riskFree: -0.005, dividendYield: 0.012 });
  });

  test('that are wrong are all named at once', () => {
    try {
      readRates({ RISK_FREE_RATE: '6.5', DIVIDEND_YIELD: '2%' });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.problems).toEqual([
        'RISK_FREE_RATE is "6.5": expected a fraction from -0.5 to 1 (0.065 means 6.5 % a year, continuous)',
        'DIVIDEND_YIELD is "2%": expected a fraction from -0.5 to 1 (0.065 means 6.5 % a year, continuous)',
      ]);
    }
  });

  test.each(['0x0', '0b1', 'Infinity', 'NaN', '1e999', '0,065', '--1', '1e'])('%s is no rate', (text) => {
    expect(() => readRates({ RISK_FREE_RATE: text })).toThrow(StartupError);
  });
});
