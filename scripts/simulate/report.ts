import { type Look, sparkline } from '../start/ansi.ts';
import { clock, count, short } from '../start/format.ts';
import { table } from '../support/table.ts';
import { printable } from '../support/words.ts';
import { peaks } from './downsample.ts';
import type { Figures, Simulation } from './simulation.ts';

const columns = 72;
const mostEvents = 12;

/** What the figures are called, in the order in which they are shown. */
const figureRows: readonly (readonly [label: string, value: (figures: Figures) => string])[] = [
  ['records', ({ records }) => count(records)],
  ['peak lag', ({ peakLag }) => count(peakLag)],
  ['longest drain, s', ({ longestDrainSeconds }) => count(longestDrainSeconds)],
  ['above target, s', ({ secondsAboveTarget }) => count(secondsAboveTarget)],
  ['most instances', ({ peakInstances }) => count(peakInstances)],
  ['instance-hours', ({ instanceHours }) => instanceHours.toFixed(1)],
  ['scalings', ({ scalings }) => count(scalings)],
  ['rebalances', ({ rebalances }) => count(rebalances)],
  ['reversals', ({ reversals }) => count(reversals)],
  ['lag at the end', ({ lagAtEnd }) => count(lagAtEnd)],
];

/** One simulation as a person reads it: drawn, counted, and what was done when. */
export function simulationText(simulation: Simulation, look: Look): string {
  const { policy, trace } = simulation;
  const lines = [
    `${printable(trace.name)} under policy ${policy.name}: ${clock(trace.rates.length)} from ${timeAt(simulation, 0)}`,
    '',
    ...chart(simulation, look),
    '',
    ...table(figureRows.map(([label, value]) => [label, value(simulation.figures)])),
    '',
    ...eventLines(simulation),
  ];
  return `${lines.join('\n')}\n`;
}

/** Several simulations side by side, each with the name it is to have. */
export function comparisonText(
  simulations: readonly { readonly name: string; readonly simulation: Simulation }[],
): string {
  const rows = [
    ['', ...simulations.map(({ name }) => printable(name))],
    ...figureRows.map(([label, value]) => [label, ...simulations.map(({ simulation }) => value(simulation.figures))]),
  ];
  return `${table(rows).join('\n')}\n`;
}

/** Values of one parameter in rows. */
export function sweepText(
  field: string,
  runs: readonly { readonly value: number; readonly figures: Figures }[],
): string {
  const shown = figureRows.slice(1, -1);
  const rows = [
    [field, ...shown.map(([label]) => label)],
    ...runs.map(({ value, figures }) => [String(value), ...shown.map(([, text]) => text(figures))]),
  ];
  return `${table(rows).join('\n')}\n`;
}

/** A simulation as data, without its series, by the name that its policy was asked for by. */
export function simulationJson(name: string, { trace, figures, events }: Simulation): object {
  return { policy: printable(name), trace: printable(trace.name), seconds: trace.rates.length, figures, events };
}

function chart(simulation: Simulation, look: Look): string[] {
  const row = (label: string, values: Float64Array, text: (most: number) => string): string => {
    const points = peaks(values, columns);
    return `${label.padEnd(10)} ${sparkline(points, columns, look)} ${text(Math.max(...points))}`;
  };
  return [
    row('records/s', simulation.trace.rates, (most) => short(most)),
    row('lag', simulation.lag, (most) => short(most)),
    row('instances', simulation.instances, (most) => String(most)),
  ];
}

function eventLines(simulation: Simulation): string[] {
  const { events } = simulation;
  const shown = events.slice(0, mostEvents).map(({ atSeconds, from, to, lag, reason }) => {
    const change = `${from} ${to > from ? 'up to' : 'down to'} ${to}`;
    return `${timeAt(simulation, atSeconds)}  ${change.padEnd(12)} lag ${short(lag).padStart(6)}  ${reason}`;
  });
  return events.length > mostEvents ? [...shown, `... and ${events.length - mostEvents} more (--json has all)`] : shown;
}

/** A second of a trace by the clock of the policy's market, or counted from the start. */
function timeAt({ policy: { calendar }, trace }: Simulation, second: number): string {
  if (calendar === null) return clock(second);
  const local = new Date(trace.startMs + second * 1_000 + calendar.utcOffsetMinutes * 60_000).toISOString();
  return second === 0 ? `${local.slice(0, 10)} ${local.slice(11, 19)}` : local.slice(11, 19);
}
