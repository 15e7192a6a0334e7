import type { Story } from './outcome.ts';

/** One application's run of a scenario, to be drawn beside others. */
export interface Panel {
  readonly title: string;
  readonly story: Story;
}

// Told apart by most colour-blind eyes too (after Okabe and Ito, and lighter).
const owners = [
  '#4c9be8',
  '#e8a33d',
  '#3fae8a',
  '#c774b5',
  '#d9c23c',
  '#d1663f',
  '#7f7bd6',
  '#8a8f98',
  '#9ccf5a',
  '#b98a63',
];
/** Records of lag, by shade; what is less than the first is not drawn. */
const lagShades: readonly (readonly [least: number, shade: string])[] = [
  [2, '#f9d5d0'],
  [5, '#f0a79d'],
  [20, '#dd6a5c'],
  [100, '#b3271a'],
  [1_000, '#5e0a04'],
];
const ink = '#1f2933';
const faint = '#8793a0';
const panelWidth = 620;
const left = 58;
const top = 96;
const ownerHeight = 7;
const lagHeight = 4;
const rowHeight = ownerHeight + lagHeight + 2;
const chartHeight = 70;
const beforeMs = 2_000;
const stepMs = 200;

/**
 * Draws who owned each partition and how far each was behind, as SVG: a row a partition, above them the lag of all,
 * panels side by side with the same scales.
 */
export function drawPanels(heading: string, summary: string, panels: readonly Panel[]): string {
  const spanMs = Math.max(1_000, ...panels.map(({ story }) => endOf(story) - startOf(story)));
  const partitions = Math.max(...panels.map(({ story }) => story.movements.length));
  const series = panels.map(({ story }) => lagSeries(story));
  const mostLag = Math.max(10, ...series.flat().map((lags) => sum(lags)));
  const width = left + panels.length * (panelWidth + left);
  const height = top + chartHeight + 30 + partitions * rowHeight + 90;
  const drawn = panels.map((panel, index) => {
    const x = left + index * (panelWidth + left);
    return `<g transform="translate(${x},${top})">${drawPanel(panel, series[index] ?? [], spanMs, mostLag)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11" fill="${ink}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="24" font-size="16" font-weight="600">${escaped(heading)}</text>`,
    `<text x="${left}" y="41">${escaped(summary)}</text>`,
    ...drawn,
    `<g transform="translate(${left},${height - 46})">${legend(panels)}</g>`,
    '</svg>',
    '',
  ].join('\n');
}

const startOf = ({ marks, startMs }: Story): number =>
  marks[0] ? Math.max(startMs, marks[0].atMs - beforeMs) : startMs;
const endOf = ({ endMs }: Story): number => endMs;

/** The lag of each partition, every step from the start to the end. */
function lagSeries(story: Story): number[][] {
  const series: number[][] = [];
  for (let atMs = startOf(story); atMs <= endOf(story); atMs += stepMs) {
    series.push(
      story.arrivals.map((arrived, partition) =>
        Math.max(0, countUntil(arrived, atMs) - countUntil(story.firsts[partition] ?? [], atMs)),
      ),
    );
  }
  return series;
}

/** How many of the ascending times are not after this one. */
function countUntil(times: readonly number[], atMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawPanel({ title, story }: Panel, series: readonly number[][], spanMs: number, mostLag: number): string {
  const startMs = startOf(story);
  const at = (ms: number): number => (Math.min(Math.max(ms - startMs, 0), spanMs) / spanMs) * panelWidth;
  const rowsTop = chartHeight + 30;
  const bottom = rowsTop + story.movements.length * rowHeight;
  const parts = [
    `<text y="-26" font-size="13" font-weight="600">${escaped(title)}</text>`,
    lagChart(series, spanMs, mostLag),
  ];
  for (const partition of story.movements.keys()) {
    const y = rowsTop + partition * rowHeight;
    if (partition % 5 === 0) {
      parts.push(`<text x="-6" y="${y + 8}" text-anchor="end" font-size="9" fill="${faint}">${partition}</text>`);
    }
    parts.push(`<rect y="${y}" width="${round(at(endOf(story)))}" height="${ownerHeight}" fill="#eef0f2"/>`);
    parts.push(lagStrip(series, partition, y + ownerHeight, spanMs));
  }
  for (const { member, partition, fromMs, toMs } of story.spans) {
    const [from, to] = [at(fromMs), at(Math.min(toMs, endOf(story)))];
    if (to <= from) continue;
    const y = rowsTop + partition * rowHeight;
    const colour = owners[(member - 1) % owners.length];
    // Two that believe that they own it are drawn over each other, and both can be seen.
    const shape = `x="${round(from)}" y="${y}" width="${round(to - from)}" height="${ownerHeight}"`;
    parts.push(`<rect ${shape} fill="${colour}" fill-opacity="0.8"/>`);
  }
  for (const [index, { atMs, text }] of story.marks.entries()) {
    const x = round(at(atMs));
    parts.push(
      `<line x1="${x}" x2="${x}" y1="-8" y2="${bottom}" stroke="${ink}" stroke-dasharray="3 3"/>`,
      `<text x="${x + 3}" y="${index % 2 === 0 ? -10 : 2}">${escaped(text)}</text>`,
    );
  }
  parts.push(timeAxis(startMs, story.marks[0]?.atMs ?? startMs, spanMs, bottom));
  parts.push(`<text x="-6" y="${rowsTop - 8}" text-anchor="end" font-size="9" fill="${faint}">partition</text>`);
  return parts.join('\n');
}

/** The lag of all partitions together. */
function lagChart(series: readonly number[][], spanMs: number, mostLag: number): string {
  const points = series.map((lags, index) => {
    const x = ((index * stepMs) / spanMs) * panelWidth;
    return `${round(x)},${round(chartHeight - (sum(lags) / mostLag) * chartHeight)}`;
  });
  const end = round((((series.length - 1) * stepMs) / spanMs) * panelWidth);
  return [
    `<polygon points="0,${chartHeight} ${points.join(' ')} ${end},${chartHeight}" fill="#f0a79d" stroke="#b3271a" stroke-width="1"/>`,
    `<line x2="${panelWidth}" y1="${chartHeight}" y2="${chartHeight}" stroke="${faint}"/>`,
    `<text x="-6" y="9" text-anchor="end" font-size="9" fill="${faint}">${Math.round(mostLag)}</text>`,
    `<text x="-6" y="${chartHeight}" text-anchor="end" font-size="9" fill="${faint}">0</text>`,
    `<text x="-6" y="${chartHeight / 2 + 4}" text-anchor="end" font-size="9" fill="${faint}">lag of all</text>`,
  ].join('\n');
}

/** Steps of the same shade are one rectangle. */
function lagStrip(series: readonly number[][], partition: number, y: number, spanMs: number): string {
  const shades = series.map((lags) => lagShades.findLast(([least]) => (lags[partition] ?? 0) >= least)?.[1]);
  const parts: string[] = [];
  for (let from = 0; from < shades.length; ) {
    let to = from + 1;
    while (to < shades.length && shades[to] === shades[from]) to += 1;
    const [x, width] = [((from * stepMs) / spanMs) * panelWidth, (((to - from) * stepMs) / spanMs) * panelWidth];
    const clipped = Math.min(width, panelWidth - x);
    if (shades[from] && clipped > 0) {
      parts.push(
        `<rect x="${round(x)}" y="${y}" width="${round(clipped)}" height="${lagHeight}" fill="${shades[from]}"/>`,
      );
    }
    from = to;
  }
  return parts.join('');
}

/** Seconds, counted from the first mark. */
function timeAxis(startMs: number, zeroMs: number, spanMs: number, y: number): string {
  const every = [1, 2, 5, 10, 20, 60, 120].find((step) => spanMs / 1_000 / step <= 12) ?? 300;
  const parts: string[] = [];
  for (let second = Math.ceil((startMs - zeroMs) / 1_000 / every) * every; ; second += every) {
    const x = ((zeroMs + second * 1_000 - startMs) / spanMs) * panelWidth;
    if (x > panelWidth) break;
    parts.push(`<line x1="${round(x)}" x2="${round(x)}" y1="${y}" y2="${y + 4}" stroke="${faint}"/>`);
    parts.push(`<text x="${round(x)}" y="${y + 15}" text-anchor="middle" fill="${faint}">${second} s</text>`);
  }
  return parts.join('');
}

function legend(panels: readonly Panel[]): string {
  const members = [...new Set(panels.flatMap(({ story }) => story.spans.map(({ member }) => member)))].sort(
    (a, b) => a - b,
  );
  const parts: string[] = [];
  let x = 0;
  const entry = (colour: string, text: string): void => {
    parts.push(
      `<rect x="${x}" width="14" height="10" fill="${colour}"/><text x="${x + 19}" y="9">${escaped(text)}</text>`,
    );
    x += 34 + text.length * 6;
  };
  for (const member of members) entry(owners[(member - 1) % owners.length] ?? ink, `instance ${member}`);
  entry('#eef0f2', 'nobody');
  const second = parts.splice(0).join('');
  x = 0;
  for (const [least, shade] of lagShades) entry(shade, `${least} behind`);
  return `${second}<g transform="translate(0,18)">${parts.join('')}</g>`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '');
