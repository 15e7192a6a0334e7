/** So many values in place of all, each the most of its part: what is short and high must not vanish. */
export function peaks(values: Float64Array, columns: number): number[] {
  const count = Math.min(columns, values.length);
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor((column * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / count));
    let most = 0;
    for (let index = from; index < to; index += 1) most = Math.max(most, values[index] as number);
    return most;
  });
}
