import { describe, expect, test } from 'vitest';
import { clip, createPen, sparkline, widthOf } from '../../../scripts/start/ansi.ts';
import type { ScalingView } from '../../../scripts/start/autoscaler.ts';
import type { InstanceState } from '../../../scripts/start/instance.ts';
import { layout } from '../../../scripts/start/layout.ts';
import { statusLine } from '../../../scripts/start/lines.ts';
import { type InstanceRow, letterOf, type Snapshot } from '../../../scripts/start/snapshot.ts';
import type { StageRow } from '../../../scripts/start/stages.ts';

const plain = createPen({ color: false, unicode: true });
const colored = createPen({ color: true, unicode: true });

function instance(id: number, state: InstanceState = 'active'): InstanceRow {
  return {
    ...{
      id,
      pid: 1_234_560 + id,
      state,
      partitions: 15,
      inPerSecond: 12_345.6,
      outPerSecond: 12_345.6,
      lag: 1_234_567,
    },
    ...{ p50Ms: 12.4, p99Ms: 12_345, cpuPercent: 101, usPerRecord: 12_345, rssBytes: 1_234 * 2 ** 20 },
  };
}

function stage(name: string): StageRow {
  return {
    ...{ name, group: `${name}-group`, active: 1, instances: 1, lag: 123_456, degraded: false },
    ...{ inPerSecond: 12_345, outPerSecond: 12_345, cpuPercent: 101, rssBytes: 1_234 * 2 ** 20 },
  };
}

function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    atMs: 0,
    upSeconds: 3_725,
    phase: 'running',
    brokers: [1, 2, 3].map((id) => ({ id, address: `127.0.0.1:3000${id}`, state: 'running' })),
    localBrokers: true,
    group: 'processor-group',
    sourceTopic: 'market.raw',
    pageUrl: 'http://127.0.0.1:40000/',
    owners: Array.from({ length: 60 }, (_, partition) => 1 + (partition % 4)),
    rebalancing: false,
    scaling: null,
    instances: [1, 2, 3, 4].map((id) => instance(id)),
    totals: {
      ...{ fed: 12_345_678, enriched: 12_345_600, deadLettered: 78, duplicates: 5, open: 1_000, lag: 123_456 },
      deadByCode: { DECODE_FAILED: 40, CONTRACT_VIOLATED: 38 },
      ...{ fedPerSecond: 12_345, enrichedPerSecond: 9_876, p50Ms: 12, p99Ms: 1_234 },
      ...{ rebalances: 3, lastRebalanceMs: 812 },
    },
    stages: [stage('storage'), stage('analytics')],
    databases: [
      { server: '1', role: 'primary', state: 'running', behindBytes: null, sizeBytes: null },
      { server: '2', role: 'replica', state: 'paused', behindBytes: 123_456_789, sizeBytes: 50 << 20 },
    ],
    history: { lag: Array.from({ length: 180 }, (_, index) => index), fed: [], enriched: [] },
    events: Array.from({ length: 30 }, (_, index) => ({
      atMs: 0,
      text: `event ${index} 4 \u2192 6 ${'x'.repeat(200)}`,
    })),
    ...change,
  };
}

const scaling: ScalingView = {
  ...{ policy: 'burst', minimum: 2, maximum: 6, instances: 4, wanted: 6, settled: false, ratePerSecond: 2_400 },
  ...{ reason: `2,400 records/s need 6 ${'y'.repeat(200)}`, backlog: 800, reversals: 1, peakLag: 12_345 },
  scalings: Array.from({ length: 6 }, (_, index) => ({ atMs: index * 1_000 - 10_000, from: 2, to: 4, reason: 'r' })),
};

const sizes = [
  [80, 24],
  [100, 30],
  [140, 45],
  [200, 60],
] as const;

describe.each(sizes)('the view on %i columns and %i rows', (columns, rows) => {
  test.each([
    ['as it is', snapshot()],
    ['with many instances', snapshot({ instances: Array.from({ length: 35 }, (_, index) => instance(index + 1)) })],
    ['with an autoscaler', snapshot({ scaling })],
    ['with nothing', snapshot({ instances: [], events: [], owners: Array.from({ length: 60 }, () => null) })],
  ])('fills it exactly, never more: %s', (_, state) => {
    for (const pen of [plain, colored]) {
      const lines = layout(state, { columns, rows, selected: undefined }, pen);
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
  });

  test('says everything that matters', () => {
    const text = layout(snapshot(), { columns, rows, selected: 2 }, plain).join('\n');
    for (const said of ['running', '3 brokers', 'processor-group', 'up 1:02:05', 'market.raw', '127.0.0.1:40000']) {
      expect(text).toContain(said);
    }
    for (const said of ['12,345,678', '12.3k/s', 'DECODE_FAILED 40', 'in flight 1,000', 'duplicates 5']) {
      expect(text).toContain(said);
    }
    for (const said of [
      'p50 12 ms, p99 1.2 s',
      '3, the last in 812 ms',
      'lag 123,456',
      '1234564',
      'event 29',
      'q quit',
    ]) {
      expect(text).toContain(said);
    }
    expect(text).toMatch(/^> 2 /m);
    expect(text).toContain('+ - instances');
    const scaled = layout(snapshot({ scaling }), { columns, rows, selected: 2 }, plain).join('\n');
    for (const said of ['4 instances changing, 6 wanted', '2,400 records/s need 6', '2\u21924 0:05 ago']) {
      expect(scaled).toContain(said);
    }
    if (rows >= 30) expect(scaled).toContain('wanted (2 to 6, policy burst)   reversals 1   peak lag 12,345');
    expect(scaled).not.toContain('+ - instances');
  });
});

test('the map shows the owner of each partition, without colours too', () => {
  const owners = Array.from({ length: 60 }, (_, partition) => (partition < 30 ? 1 : partition < 59 ? 12 : null));
  const lines = layout(snapshot({ owners }), { columns: 80, rows: 24, selected: undefined }, plain);
  const map = lines.find((line) => line.includes('1111111111'));
  expect(map?.trim()).toBe('1111111111 1111111111 1111111111 CCCCCCCCCC CCCCCCCCCC CCCCCCCCC\u00b7');
  expect(letterOf(35)).toBe('Z');
});

test('more instances than fit are counted', () => {
  const instances = Array.from({ length: 35 }, (_, index) => instance(index + 1));
  const text = layout(snapshot({ instances }), { columns: 80, rows: 24, selected: undefined }, plain).join('\n');
  expect(text).toMatch(/and \d+ more/);
  expect(text).toContain('1234595');
});

test('trouble is said in words', () => {
  const brokers = snapshot().brokers.map((one) => ({ ...one, state: one.id === 2 ? ('stopped' as const) : one.state }));
  const states: InstanceState[] = ['active', 'degraded', 'killed', 'crashed'];
  const instances = states.map((state, index) => instance(index + 1, state));
  const totals = { ...snapshot().totals, lag: null };
  const text = layout(
    snapshot({ brokers, instances, totals, rebalancing: true }),
    { columns: 80, rows: 24, selected: 1 },
    plain,
  );
  for (const said of ['2 of 3 brokers', 'rebalancing', 'degraded', 'killed', 'crashed', 'lag ?']) {
    expect(text.join('\n')).toContain(said);
  }
});

test('a terminal without Unicode gets ASCII, one without colours no escapes', () => {
  const text = layout(snapshot(), { columns: 80, rows: 24, selected: 1 }, createPen({ color: false, unicode: false }));
  expect(text.join('\n')).toMatch(/^[\n -~]*$/);
});

test('what is cut keeps its colours closed', () => {
  const cut = clip(`${colored.good('abcdef')}ghi`, 4);
  expect(cut).toContain('abcd\u001b[0m');
  expect(widthOf(cut)).toBe(4);
  expect(sparkline([0, 5, 10], 2, plain.look)).toHaveLength(2);
});

test('the line of a run without a terminal', () => {
  expect(statusLine(snapshot())).toContain('fed 12345678 (12345/s); enriched 12345600 (9876/s); dead 78');
});

test('each function behind the processor has a line with its lag and rate, and so have the servers of the database', () => {
  const shown = layout(snapshot(), { columns: 140, rows: 45, selected: undefined }, plain);
  expect(shown.find((line) => line.startsWith(' storage'))).toContain('lag 123,456  12.3k/s   active');
  expect(shown.find((line) => line.startsWith(' database'))).toContain('2 replica paused 50 MB 120,563 KB behind');
  const without = layout(
    snapshot({ stages: [], databases: [] }),
    { columns: 140, rows: 45, selected: undefined },
    plain,
  );
  expect(without.some((line) => /^ (storage|database)/.test(line))).toBe(false);
});
