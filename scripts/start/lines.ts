import type { Display } from './display.ts';
import { duration } from './format.ts';
import type { Snapshot } from './snapshot.ts';

const intervalMs = 5_000;

/** Shows a run as plain lines on standard error: one every few seconds, and one for everything that happens. */
export function openLines(snapshot: () => Snapshot): Display {
  let closed = false;
  const write = (line: string): void => {
    if (!closed) process.stderr.write(`${line}\n`);
  };
  const timer = setInterval(() => write(statusLine(snapshot())), intervalMs);
  const { pageUrl } = snapshot();
  if (pageUrl) write(`Page: ${pageUrl}`);
  return {
    event: write,
    close() {
      clearInterval(timer);
      closed = true;
    },
  };
}

/** The state in one line. */
export function statusLine({ upSeconds, totals, instances, rebalancing, phase, scaling, stages }: Snapshot): string {
  const { fedPerSecond, enrichedPerSecond, lag, open, deadLettered, duplicates, p50Ms, p99Ms } = totals;
  const active = instances.filter(({ state }) => state === 'active').length;
  return [
    `${upSeconds.toFixed(0)} s`,
    `fed ${totals.fed} (${fedPerSecond.toFixed(0)}/s)`,
    `enriched ${totals.enriched} (${enrichedPerSecond.toFixed(0)}/s)`,
    `dead ${deadLettered}`,
    `open ${open}`,
    `lag ${lag ?? '?'}`,
    `duplicates ${duplicates}`,
    `p50 ${duration(p50Ms)}, p99 ${duration(p99Ms)}`,
    `${active} of ${instances.length} instances active${phase === 'draining' ? ', draining' : rebalancing ? ', rebalancing' : ''}`,
    ...stages.map(({ name, inPerSecond, lag: left }) => `${name} ${inPerSecond.toFixed(0)}/s, lag ${left ?? '?'}`),
    ...(scaling ? [`${scaling.instances} asked for, ${scaling.wanted} wanted: ${scaling.reason}`] : []),
  ].join('; ');
}
