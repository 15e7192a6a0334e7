import type { Pen } from './ansi.ts';
import { count, millis, rate, short } from './format.ts';
import type { InstanceState } from './instance.ts';
import { type InstanceRow, letterOf, type Snapshot } from './snapshot.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: InstanceRow) => string;
}

const columns: readonly Column[] = [
  { title: 'pid', width: 8, cell: ({ pid }) => String(pid) },
  { title: 'part', width: 5, cell: ({ partitions }) => String(partitions) },
  { title: 'in/s', width: 6, cell: ({ inPerSecond }) => rate(inPerSecond) },
  { title: 'out/s', width: 6, cell: ({ outPerSecond }) => rate(outPerSecond) },
  { title: 'lag', width: 7, cell: ({ lag }) => short(lag) },
  { title: 'p50', width: 7, cell: ({ p50Ms }) => millis(p50Ms) },
  { title: 'p99', width: 7, cell: ({ p99Ms }) => millis(p99Ms) },
  { title: 'cpu%', width: 5, cell: ({ cpuPercent }) => cpuPercent.toFixed(0) },
  { title: 'us/rec', width: 7, cell: ({ usPerRecord }) => (usPerRecord === null ? '-' : count(usPerRecord)) },
  { title: 'rss', width: 6, cell: ({ rssBytes }) => (rssBytes > 0 ? `${Math.round(rssBytes / 1_048_576)}M` : '-') },
];

const gone: readonly InstanceState[] = ['left', 'killed', 'crashed'];

/** One line an instance under a line of titles; the last line counts those for which there is no room. */
export function instanceTable({ instances }: Snapshot, rows: number, selected: number | undefined, pen: Pen): string[] {
  const titles = `    ${columns.map(({ title, width }) => title.padStart(width)).join('')}  state`;
  const fits = instances.length + 1 <= rows;
  const shown = fits ? instances : instances.slice(-Math.max(0, rows - 2));
  const lines = shown.map((row) => {
    const mark = row.id === selected ? pen.bold('>') : ' ';
    const body = columns.map(({ cell, width }) => cell(row).padStart(width)).join('');
    const name = pen.owner(row.id, ` ${letterOf(row.id)} `);
    return gone.includes(row.state)
      ? `${mark}${` ${letterOf(row.id)} `}${pen.dim(body)}  ${stateText(row.state, pen)}`
      : `${mark}${name}${body}  ${stateText(row.state, pen)}`;
  });
  const hidden = instances.length - shown.length;
  return [pen.dim(titles), ...lines, ...(hidden > 0 ? [pen.dim(`    and ${hidden} more`)] : [])].slice(0, rows);
}

function stateText(state: InstanceState, pen: Pen): string {
  if (state === 'active') return pen.good(state);
  if (state === 'crashed' || state === 'killed') return pen.bad(state);
  return state === 'left' ? pen.dim(state) : pen.warn(state);
}
