import { clip, type Pen, sparkline, widthOf } from './ansi.ts';
import { type BrokerRow, brokersText } from './brokers.ts';
import { clock, count, duration, rate, timeOfDay } from './format.ts';
import { instanceTable } from './instance-table.ts';
import { partitionMap } from './partition-map.ts';
import type { Snapshot } from './snapshot.ts';
import { stageLines } from './stage-lines.ts';

/** The terminal's size, and the instance that a key would act on. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly selected: number | undefined;
}

/** A moment as exactly `rows` lines of at most `columns` columns. */
export function layout(snapshot: Snapshot, screen: Screen, pen: Pen): string[] {
  const { columns, rows } = screen;
  const map = partitionMap(snapshot, columns, pen);
  const totals = [...totalLines(snapshot, columns, pen), ...stageLines(snapshot, rows, pen)];
  const scaling = scalingLines(snapshot, screen, pen);
  const head = [...header(snapshot, columns, pen), '', ...map, ''];
  // What is left is shared by the table and the events, which keep three lines if they can.
  const free = rows - head.length - totals.length - scaling.length - 3;
  const table = instanceTable(snapshot, Math.max(2, free - 3), screen.selected, pen);
  const events = eventLines(snapshot, Math.max(0, free - table.length), columns, pen);
  const lines = [...head, ...table, '', ...totals, '', ...scaling, ...events];
  while (lines.length < rows - 1) lines.push('');
  return [...lines.slice(0, rows - 1), keys(snapshot, pen)].map((line) => clip(line, columns));
}

function header({ upSeconds, phase, brokers, group, pageUrl, rebalancing }: Snapshot, columns: number, pen: Pen) {
  const state =
    phase === 'draining' ? pen.warn('draining') : rebalancing ? pen.warn('rebalancing') : pen.good('running');
  const down = brokers.some(({ state: one }) => one === 'stopped' || one === 'paused');
  const text = brokersText(brokers);
  const left = `${pen.bold(' hft-engine')}  ${state}`;
  const right = `${down ? pen.bad(text) : text}  group ${group}  up ${clock(upSeconds)} `;
  const first = left + ' '.repeat(Math.max(2, columns - widthOf(left) - widthOf(right))) + right;
  const page = pageUrl ? `${pen.dim(' page')} ${pageUrl}  ` : ' ';
  return [first, `${page}${pen.dim('brokers')} ${brokers.map((row) => brokerText(row, pen)).join(pen.dim(', '))}`];
}

/** Brokers of our own by number and port, so that `1 of 3 is down` says which. */
function brokerText({ id, address, state }: BrokerRow, pen: Pen): string {
  if (id === undefined) return pen.dim(address);
  const text = `${id} ${address.slice(address.lastIndexOf(':'))}`;
  return state === 'running' ? pen.dim(text) : pen.bad(`${text} ${state === 'stopped' ? 'down' : state}`);
}

function totalLines({ totals, history }: Snapshot, columns: number, pen: Pen): string[] {
  const { fed, enriched, deadLettered, deadByCode, duplicates, open, lag, p50Ms, p99Ms } = totals;
  const codes = Object.entries(deadByCode).map(([code, number]) => `${code} ${count(number)}`);
  const lagText = ` lag ${(lag === null ? '?' : count(lag)).padEnd(9)}`;
  const curve = sparkline(history.lag, Math.max(10, columns - lagText.length - 1), pen.look);
  const rebalances =
    totals.rebalances === 0 ? 'none yet' : `${totals.rebalances}, the last in ${duration(totals.lastRebalanceMs)}`;
  const pad = (text: string): string => text.padEnd(11);
  return [
    ` fed      ${pad(count(fed))}${pen.bold(`${rate(totals.fedPerSecond)}/s`)}   in flight ${count(open)}` +
      `   latency p50 ${duration(p50Ms)}, p99 ${duration(p99Ms)}`,
    ` enriched ${pad(count(enriched))}${pen.bold(`${rate(totals.enrichedPerSecond)}/s`)}   duplicates ${count(duplicates)}` +
      `   rebalances ${rebalances}`,
    ` dead     ${pad(count(deadLettered))}${codes.join(', ')}`,
    `${lagText}${pen.dim(curve)}`,
  ];
}

/** What the autoscaler wants, why, and its last scalings; in two lines where there is little room. */
function scalingLines({ scaling, atMs }: Snapshot, { columns, rows }: Screen, pen: Pen): string[] {
  if (scaling === null) return [];
  const { policy, minimum, maximum, instances, wanted, settled, reason, scalings, reversals, peakLag } = scaling;
  const arrow = pen.glyph('\u2192', '->');
  const ago = scalings
    .map((one) => `${one.from}${arrow}${one.to} ${clock((atMs - one.atMs) / 1_000)} ago`)
    .toReversed();
  const asked = ` scaling  ${pen.bold(`${instances} instances`)}${settled ? '' : pen.warn(' changing')}, ${wanted} wanted`;
  const why = ` ${pen.dim('why')}      ${clip(reason, columns - 11)}`;
  if (rows < 30) return [`${asked}${ago[0] ? `   last ${ago[0]}` : ''}`, why];
  return [
    `${asked} (${minimum} to ${maximum}, policy ${policy})   reversals ${reversals}   peak lag ${count(peakLag)}`,
    why,
    ` ${pen.dim('last')}     ${ago.join(', ') || pen.dim('none yet')}`,
    '',
  ];
}

function eventLines({ events }: Snapshot, rows: number, columns: number, pen: Pen): string[] {
  const shown = rows > 0 ? events.slice(-rows) : [];
  return shown.map(({ atMs, text }) => {
    const plain = pen.look.unicode ? text : text.replaceAll('\u2192', '->');
    const said = clip(plain, columns - 11);
    return ` ${pen.dim(timeOfDay(atMs))} ${/CRASH|lost|failed|down/.test(text) ? pen.bad(said) : said}`;
  });
}

function keys({ localBrokers, phase, scaling }: Snapshot, pen: Pen): string {
  if (phase === 'draining') return pen.dim(' finishing what was fed; q again to end at once');
  const brokers = localBrokers ? '  b B broker down, up' : '';
  const arrows = pen.glyph('\u2191\u2193', 'up/down');
  const parts = [
    ...(scaling === null ? [['+ -', 'instances']] : []),
    ['k', 'kill -9'],
    [arrows, 'choose'],
    ['p', 'poison'],
    ['q', 'quit'],
  ];
  return ` ${parts.map(([key, what]) => `${pen.bold(key ?? '')} ${what}`).join('  ')}${brokers}`;
}
