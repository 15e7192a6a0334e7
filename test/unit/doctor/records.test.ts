import { describe, expect, test } from 'vitest';
import { diagnoseDeadLetters, inspectDeadLetters } from '../../../scripts/doctor/dead-letters.ts';
import { diagnoseDelay, measureDelay, newestOutputs } from '../../../scripts/doctor/delay.ts';
import type { SampledRecord } from '../../../scripts/doctor/records.ts';
import { diagnoseSources, inspectSources, parseSource } from '../../../scripts/doctor/sources.ts';

function outputs(partition: number, sources: readonly (string | undefined)[]): SampledRecord[] {
  return sources.map((source, offset) => ({
    partition,
    offset,
    timestamp: 1_000 + offset,
    headers: source === undefined ? {} : { source },
  }));
}

const from = (partition: number, offsets: readonly number[]) =>
  outputs(
    partition % 6,
    offsets.map((offset) => `raw/${partition}/${offset}`),
  );

describe('source headers', () => {
  test.each([
    ['raw/3/17', { topic: 'raw', partition: 3, offset: 17 }],
    ['market.raw/0/0', { topic: 'market.raw', partition: 0, offset: 0 }],
    ['raw/3', undefined],
    ['raw/-1/17', undefined],
    ['a b/3/17', undefined],
    ['raw/3/99999999999999999999', undefined],
    [undefined, undefined],
  ])('%s', (header, source) => {
    expect(parseSource(header)).toEqual(source);
  });

  test.each([
    ['in order', [1, 2, 3], 0, 0],
    ['with gaps, for filtered records and dead letters', [1, 5, 9], 0, 0],
    ['handled again after a crash', [1, 2, 3, 2, 3, 4], 2, 0],
    ['handled again, with the first copies before the sample', [5, 3, 4, 5, 6], 1, 0],
    ['overtaken', [1, 3, 2, 4], 0, 1],
  ])('%s', (_, offsets, doubled, disordered) => {
    const report = inspectSources(from(2, offsets), 'raw', 6);
    const total = (rows: readonly { records: number }[]) => rows.reduce((sum, { records }) => sum + records, 0);
    expect([total(report.doubled), total(report.disordered)]).toEqual([doubled, disordered]);
  });

  test('a double is found in whichever partition it lies', () => {
    const records = [...outputs(0, ['raw/0/7']), ...outputs(3, ['raw/0/7'])];
    expect(inspectSources(records, 'raw', 6)).toMatchObject({ doubled: [{ partition: 0, records: 1 }], misplaced: 1 });
  });

  test('an output topic with fewer partitions takes the modulo', () => {
    expect(inspectSources(from(8, [1]), 'raw', 6).misplaced).toBe(0);
  });

  test('order is a problem, doubles are a warning, strangers a note', () => {
    const records = [...from(0, [1, 3, 2, 3]), ...outputs(1, [undefined, 'other/1/1'])];
    const findings = diagnoseSources(inspectSources(records, 'raw', 6), 'out', 'raw');
    expect(findings.map(({ severity }) => severity)).toEqual(['problem', 'warning', 'note']);
    expect(findings[1]?.what).toBe('1 of the last 6 records of out are doubled, from partitions 0 of raw');
    expect(diagnoseSources(inspectSources(from(0, [1, 2]), 'raw', 6), 'out', 'raw')).toEqual([]);
  });
});

describe('dead letters', () => {
  const letter = (timestamp: number, code: string): SampledRecord => ({
    partition: 0,
    offset: timestamp,
    timestamp,
    headers: {
      'error.code': code,
      'error.message': `said ${code}`,
      'error.topic': 'raw',
      'error.partition': '4',
      'error.offset': '9',
    },
  });

  test('are counted by code, and the latest is shown', () => {
    const records = [letter(5, 'DECODE_FAILED'), letter(9, 'HANDLER_FAILED'), letter(7, 'DECODE_FAILED')];
    const report = inspectDeadLetters([{ partition: 0, low: 10, end: 50 }], records);
    expect(report).toEqual({
      total: 40,
      seenTo: 0,
      sampled: 3,
      byCode: [
        { code: 'DECODE_FAILED', records: 2 },
        { code: 'HANDLER_FAILED', records: 1 },
      ],
      latest: { atMs: 9, code: 'HANDLER_FAILED', message: 'said HANDLER_FAILED', source: 'raw/4/9' },
    });
    expect(diagnoseDeadLetters(report, 'dlq', 5_009)).toMatchObject([
      { severity: 'warning', what: '40 dead letters in dlq, the latest 5.0 s ago', cause: 'They are not UTF-8 JSON.' },
    ]);
  });

  test('that were sent again or discarded wait no more, and those that retention has deleted do not count', () => {
    const records = [letter(11, 'DECODE_FAILED'), letter(12, 'HANDLER_FAILED')];
    const extents = [{ partition: 0, low: 10, end: 13 }];
    const places = (...offsets: number[]) => offsets.map((offset) => ({ place: `0/${offset}` }));
    const report = inspectDeadLetters(extents, records, [...places(9, 12, 12), { place: '1/11' }]);
    expect(report).toMatchObject({ total: 3, seenTo: 1, sampled: 1, latest: { code: 'DECODE_FAILED' } });
    expect(diagnoseDeadLetters(report, 'dlq', 5_011)[0]?.what).toBe('2 dead letters in dlq, the latest 5.0 s ago');
    expect(diagnoseDeadLetters(inspectDeadLetters(extents, records, places(10, 11, 12)), 'dlq', 0)).toEqual([]);
  });

  test('none', () => {
    expect(diagnoseDeadLetters(inspectDeadLetters([{ partition: 0, low: 5, end: 5 }], []), 'dlq', 0)).toEqual([]);
  });
});

describe('delay', () => {
  const input = (partition: number, offset: number, timestamp: number): [number, SampledRecord] => [
    partition,
    { partition, offset, timestamp, headers: {} },
  ];

  test('is taken from the newest output of each partition and its input', () => {
    const newest = newestOutputs([...from(0, [1, 2, 2]), ...from(1, [5])], 'raw');
    expect(newest.get(0)).toEqual({ offset: 2, writtenAtMs: 1_001 });
    const report = measureDelay(newest, new Map([input(0, 2, 900), input(1, 5, 990)]));
    expect(report).toEqual({ outputs: 2, medianMs: 101, maxMs: 101, newestAtMs: 1_001 });
  });

  test('an input that is gone is no pair', () => {
    expect(measureDelay(new Map([[0, { offset: 2, writtenAtMs: 9 }]]), new Map([input(0, 3, 1)]))).toBeUndefined();
  });

  test.each([
    [50, 2_000, []],
    [20_000, 2_000, ['warning']],
    [20_000, 90_000, []],
    [-5_000, 2_000, ['note']],
  ])('%i ms, seen %i ms later', (medianMs, age, severities) => {
    const findings = diagnoseDelay({ outputs: 1, medianMs, maxMs: medianMs, newestAtMs: 0 }, 'out', age);
    expect(findings.map(({ severity }) => severity)).toEqual(severities);
  });
});
