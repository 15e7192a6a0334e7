import type { Pen } from './ansi.ts';
import { letterOf, type Snapshot } from './snapshot.ts';

/** Who owns which partition: a cell each, in groups of ten, with the number of the first of each group above. */
export function partitionMap({ owners, sourceTopic }: Snapshot, columns: number, pen: Pen): string[] {
  const groups = Math.ceil(owners.length / 10);
  const wide = columns >= groups * 21 + 2;
  const cell = wide ? 2 : 1;
  const perRow = Math.max(1, Math.min(groups, Math.floor((columns - 2) / (10 * cell + 1))));
  const lines = [` ${pen.dim(`${sourceTopic}: owner of each of ${owners.length} partitions`)}`];
  for (let first = 0; first < groups; first += perRow) {
    const row = Array.from({ length: Math.min(perRow, groups - first) }, (_, index) => first + index);
    lines.push(` ${pen.dim(row.map((group) => String(group * 10).padEnd(10 * cell)).join(' '))}`);
    const body = row.map((group) => cells(owners.slice(group * 10, group * 10 + 10), cell, pen)).join(' ');
    lines.push(` ${body}`);
    if (wide)
      lines.push(` ${row.map((group) => cells(owners.slice(group * 10, group * 10 + 10), cell, pen, true)).join(' ')}`);
  }
  return lines;
}

/** Neighbours of one owner share one stretch of colour. `blank`: the lower half of cells that are two lines high. */
function cells(owners: readonly (number | null)[], width: number, pen: Pen, blank = false): string {
  let out = '';
  for (let index = 0; index < owners.length; ) {
    const owner = owners[index] ?? null;
    let end = index;
    while (end < owners.length && (owners[end] ?? null) === owner) end += 1;
    const letter = owner === null ? pen.glyph('\u00b7', '.') : letterOf(owner);
    const text = (blank && pen.look.color ? ' ' : letter).padEnd(width).repeat(end - index);
    out += owner === null ? pen.dim(text) : pen.owner(owner, text);
    index = end;
  }
  return out;
}
