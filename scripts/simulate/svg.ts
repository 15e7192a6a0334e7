import { count } from '../start/format.ts';
import { peaks } from './downsample.ts';
import type { Simulation } from './simulation.ts';

const width = 1_000;
const panelHeight = 140;
const gap = 40;
const left = 90;
const plotWidth = width - left - 20;
/** Apart for most colour-blind eyes; the second simulation is dashed as well. */
const strokes = ['#0072b2', '#d55e00'];

/** A picture of one simulation, or of several over one another: rate, lag and instances against time. */
export function simulationSvg(named: readonly { readonly name: string; readonly simulation: Simulation }[]): string {
  const first = named[0]?.simulation;
  if (first === undefined) return '';
  const panels: { title: string; series: Float64Array[] }[] = [
    { title: 'records/s', series: [first.trace.rates] },
    { title: 'lag, records', series: named.map(({ simulation }) => simulation.lag) },
    { title: 'instances', series: named.map(({ simulation }) => simulation.instances) },
  ];
  const height = panels.length * (panelHeight + gap) + gap;
  const body = panels.map(({ title, series }, index) => panel(title, series, gap + index * (panelHeight + gap)));
  const legend = named.map(
    ({ name }, index) =>
      `<text x="${left + index * 220}" y="20" fill="${strokes[index % strokes.length]}">${escaped(name)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<title>${escaped(`${first.trace.name}: ${named.map(({ name }) => name).join(', ')}`)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${legend.join('\n')}
${body.join('\n')}
${timeAxis(first, height - 12)}
</svg>
`;
}

function panel(title: string, series: readonly Float64Array[], top: number): string {
  const drawn = series.map((values) => peaks(values, plotWidth));
  const most = Math.max(1, ...drawn.map((values) => Math.max(...values)));
  const bottom = top + panelHeight;
  const lines = drawn.map((values, index) => {
    const points = values.map((value, column) => {
      const x = left + (column * plotWidth) / Math.max(1, values.length - 1);
      return `${x.toFixed(1)},${(bottom - (value / most) * panelHeight).toFixed(1)}`;
    });
    const dash = index === 0 ? '' : ' stroke-dasharray="5 3"';
    const stroke = strokes[index % strokes.length];
    return `<polyline fill="none" stroke="${stroke}" stroke-width="1.5"${dash} points="${points.join(' ')}"/>`;
  });
  return `<text x="${left}" y="${top - 6}" font-weight="bold">${title}</text>
<text x="${left - 8}" y="${top + 5}" text-anchor="end">${count(most)}</text>
<text x="${left - 8}" y="${bottom + 4}" text-anchor="end">0</text>
<path d="M${left} ${top}V${bottom}H${left + plotWidth}" fill="none" stroke="#999"/>
${lines.join('\n')}`;
}

function timeAxis({ trace, policy }: Simulation, y: number): string {
  const offsetMs = (policy.calendar?.utcOffsetMinutes ?? 0) * 60_000;
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const atMs = trace.startMs + share * trace.rates.length * 1_000 + offsetMs;
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    const text = new Date(atMs).toISOString().slice(11, 19);
    return `<text x="${left + share * plotWidth}" y="${y}" text-anchor="${anchor}">${text}</text>`;
  });
  return labels.join('\n');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[^\x20-\x7e]/g, '?');
}
