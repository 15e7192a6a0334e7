/** An option as far as its open interest goes. */
export interface OiMover {
  readonly strike: number;
  readonly option_type: 'CE' | 'PE';
  /** Contracts; `null` when unknown. */
  readonly oi_change: number | null;
}

/** So many at most: what fits into a glance. */
export const mostLeaders = 5;

/**
 * The options whose open interest has changed most since the previous close, up or down, the largest change first; of equal
 * ones the lower strike, the call before the put. Those that have not changed are none.
 */
export function oiLeaders(options: readonly OiMover[]): readonly OiMover[] {
  return options
    .filter(({ oi_change: change }) => change !== null && change !== 0)
    .map(({ strike, option_type, oi_change }) => ({ strike, option_type, oi_change }))
    .sort(
      (a, b) =>
        Math.abs(b.oi_change ?? 0) - Math.abs(a.oi_change ?? 0) ||
        a.strike - b.strike ||
        (a.option_type === b.option_type ? 0 : a.option_type === 'CE' ? -1 : 1),
    )
    .slice(0, mostLeaders);
}
