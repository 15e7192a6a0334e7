import { describe, expect, test } from 'vitest';
import { measureLag, type OffsetsLook } from '../../../scripts/doctor/lag.ts';
import { diagnoseLag, type LagSituation } from '../../../scripts/doctor/lag-diagnosis.ts';

type Row = readonly [low: number, end: number, committed: number | null];

function look(atMs: number, rows: readonly Row[]): OffsetsLook {
  const committed = new Map<number, number>();
  rows.forEach(([, , offset], partition) => {
    if (offset !== null) committed.set(partition, offset);
  });
  return { atMs, extents: rows.map(([low, end], partition) => ({ partition, low, end })), committed };
}

function measured(first: readonly Row[], second: readonly Row[]) {
  return measureLag(look(0, first), look(2_000, second));
}

function diagnose(first: readonly Row[], second: readonly Row[], change: Partial<LagSituation> = {}) {
  return diagnoseLag({
    report: measured(first, second),
    topic: 'raw',
    groupId: 'g',
    members: 1,
    settled: true,
    waitingMs: new Map(),
    ...change,
  });
}

describe('measuring', () => {
  test('rates, lag and the time to drain', () => {
    const report = measured(
      [
        [0, 1_000, 0],
        [0, 100, 100],
      ],
      [
        [0, 1_100, 300],
        [0, 120, 120],
      ],
    );
    expect(report).toMatchObject({
      total: 800,
      inPerSecond: 60,
      committedPerSecond: 160,
      growing: false,
      drainSeconds: 8,
    });
    expect(report.partitions[0]).toMatchObject({ lag: 800, moved: 300, stuck: false, outOfRange: null });
  });

  test('without a commit, all there is waits', () => {
    expect(measured([[40, 50, null]], [[40, 50, null]]).partitions[0]).toMatchObject({ lag: 10, stuck: true });
  });

  test('lag that came after the first look is not stuck', () => {
    expect(measured([[0, 10, 10]], [[0, 20, 10]]).partitions[0]).toMatchObject({ lag: 10, stuck: false });
  });

  test('committed below the log start counts from the log start', () => {
    expect(measured([[40, 50, 10]], [[40, 50, 10]]).partitions[0]).toMatchObject({ lag: 10, outOfRange: 'deleted' });
  });

  test('committed beyond the end is no lag', () => {
    expect(measured([[0, 5, 9]], [[0, 5, 9]]).partitions[0]).toMatchObject({ lag: 0, outOfRange: 'beyond the end' });
  });

  test('growing needs more than what lies between two commits', () => {
    expect(measured([[0, 1_000, 990]], [[0, 3_000, 2_800]]).growing).toBe(false);
    expect(measured([[0, 1_000, 0]], [[0, 3_000, 500]]).growing).toBe(true);
  });
});

describe('diagnosing', () => {
  test('a group that keeps up is well', () => {
    expect(diagnose([[0, 100, 98]], [[0, 300, 298]])).toEqual([]);
  });

  test('records and no members', () => {
    expect(diagnose([[0, 9, 4]], [[0, 9, 4]], { members: 0 })).toMatchObject([
      { severity: 'problem', what: '5 records of raw wait in 1 partition, and nobody reads them' },
    ]);
    expect(diagnose([[0, 9, 9]], [[0, 9, 9]], { members: 0 })).toEqual([]);
  });

  test('one partition stands still: a warning while it is young, a problem when it is old or unknown', () => {
    const rows: [Row[], Row[]] = [
      [
        [0, 100, 50],
        [0, 100, 50],
      ],
      [
        [0, 100, 50],
        [0, 100, 100],
      ],
    ];
    const severity = (waitingMs: Map<number, number>) => diagnose(...rows, { waitingMs })[0]?.severity;
    expect(severity(new Map([[0, 5_000]]))).toBe('warning');
    expect(severity(new Map([[0, 45_000]]))).toBe('problem');
    expect(severity(new Map())).toBe('problem');
    expect(diagnose(...rows)[0]?.cause).toContain('while others moved');
  });

  test('nothing moves at all: points to what all records need', () => {
    expect(diagnose([[0, 100, 50]], [[0, 100, 50]])[0]?.cause).toContain('database');
  });

  test('while the group rebalances nothing is called stuck', () => {
    expect(diagnose([[0, 100, 50]], [[0, 100, 50]], { settled: false })).toEqual([]);
  });

  test('growing', () => {
    const [finding] = diagnose([[0, 1_000, 0]], [[0, 3_000, 500]]);
    expect(finding).toMatchObject({
      severity: 'warning',
      what: expect.stringContaining('1000/s come in, 250/s are done'),
    });
    expect(diagnose([[0, 50_000, 0]], [[0, 52_000, 500]])[0]?.severity).toBe('problem');
  });

  test('growing because of what stands still says so', () => {
    const still = diagnose(
      [
        [0, 5_000, 0],
        [0, 100, 100],
      ],
      [
        [0, 7_000, 0],
        [0, 200, 200],
      ],
    );
    expect(still.map(({ cause }) => cause)).toContain('Most of it is in partitions that stand still (see above).');
  });

  test('a backlog that takes long', () => {
    const [finding] = diagnose([[0, 1_000_000, 0]], [[0, 1_000_000, 200]]);
    expect(finding).toMatchObject({ severity: 'warning', what: expect.stringContaining('3 h') });
  });

  test('offsets out of range', () => {
    expect(diagnose([[40, 50, 10]], [[40, 50, 50]])).toEqual([]);
    expect(diagnose([[40, 50, 10]], [[40, 50, 10]])[0]?.what).toContain(
      '30 records of raw were deleted before g read them',
    );
    expect(diagnose([[0, 5, 9]], [[0, 5, 9]])).toMatchObject([
      { severity: 'problem', what: expect.stringContaining('beyond the end of 1 partition of raw: 0') },
    ]);
  });

  test('no commit yet', () => {
    expect(diagnose([[0, 5, null]], [[0, 5, null]])[0]?.what).toContain('committed nothing in 1 partition');
    expect(diagnose([[5, 5, null]], [[5, 5, null]])).toEqual([]);
  });
});
