import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../functions/analytics/analyse.ts';
import type { End, Past } from '../../../functions/analytics/past.ts';
import { parseTimestamp } from '../../../functions/market/calendar.ts';
import { decodeEnriched } from '../../../functions/market/enriched.ts';
import { microsOf } from '../../../functions/market/micros.ts';
import { windowOf } from '../../support/market.ts';
import { enrichedMessage, type SnapshotFields } from '../../support/stored-log.ts';

interface Case {
  readonly name: string;
  readonly window: readonly Omit<Past & End, 'micros' | 'offset'>[];
  readonly now: SnapshotFields;
  readonly result: object;
}

const fixture = new URL('../../fixtures/analytics/windows.ndjson', import.meta.url);
const cases = readFileSync(fixture, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Case => JSON.parse(line));

function pastOf(given: Case['window'][number], index: number): Past & End {
  const { timestamp } = given;
  const atMs = typeof timestamp === 'number' ? timestamp : (parseTimestamp(timestamp) ?? Number.NaN);
  return { ...given, micros: microsOf(atMs), offset: index };
}

// The options of the fixture are in the order of their random making, and those of a message by strike.
function inOrder(now: SnapshotFields): SnapshotFields {
  const oiChanges = [...(now.oiChanges ?? [])].sort(([a, c], [b, d]) => a - b || (c < d ? -1 : 1));
  return { ...now, oiChanges };
}

// Bytes, not values: the order of the fields and the spelling of numbers are part of the promise.
describe('results are those of an independent implementation at 50 digits', () => {
  test.each(cases)('$name', ({ window, now, result }) => {
    const snapshot = decodeEnriched(Buffer.from(enrichedMessage(inOrder(now))));
    expect(analyse(snapshot, windowOf(window.map(pastOf)))).toBe(JSON.stringify(result));
  });
});
