/** The feed's own pricing, on purpose not the processor's: a mistake in one must show against the other. */

/**
 * Standard normal distribution, Abramowitz and Stegun 26.2.17: good to 7.5e-8, which for the dearest index here is a
 * fraction of a tick, and it costs one exponential.
 */
function normalDistribution(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = 0.3989422804014327 * Math.exp(-0.5 * z * z) * series;
  return x >= 0 ? 1 - tail : tail;
}

/** Continuous risk-free rate per year. */
export const riskFreeRate = 0.065;

/**
 * Black-Scholes price of a European call (Hull, Options, Futures and Other Derivatives), no dividends. The put follows
 * from parity: put = call - spot + discounted strike.
 * @param sigma volatility per year as a fraction, `years` to expiry, both above 0
 */
export function callPrice(spot: number, strike: number, discount: number, sigma: number, years: number): number {
  const deviation = sigma * Math.sqrt(years);
  const d1 = Math.log(spot / (strike * discount)) / deviation + deviation / 2;
  const price = spot * normalDistribution(d1) - strike * discount * normalDistribution(d1 - deviation);
  return Math.max(price, spot - strike * discount, 0);
}

/**
 * Volatility at a strike: an index smile, steeper for puts (crash insurance) than for calls. `moneyness` is
 * ln(strike / forward) in standard deviations to expiry.
 */
export function smile(atmSigma: number, moneyness: number): number {
  const m = Math.max(-6, Math.min(6, moneyness));
  return atmSigma * (1 - 0.045 * m + 0.017 * m * m);
}
