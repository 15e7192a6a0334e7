import type { Display } from './display.ts';
import type { Snapshot } from './snapshot.ts';

const intervalMs = 5_000;

/** Shows a run as plain lines on standard error: one every few seconds, and one for everything that happens. */
export function openLines(snapshot: () => Snapshot): Display {
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  const timer = setInterval(() => write(statusLine(snapshot())), intervalMs);
  const { pageUrl } = snapshot();
  if (pageUrl) write(`Page: ${pageUrl}`);
  return {
    event: write,
    close: () => clearInterval(timer),
  };
}

/** The state in one line. */
export function statusLine({ upSeconds, totals, instances, rebalancing }: Snapshot): string {
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
    `p50 ${p50Ms ?? '-'} ms, p99 ${p99Ms ?? '-'} ms`,
    `${active} of ${instances.length} instances active${rebalancing ? ', rebalancing' : ''}`,
  ].join('; ');
}
