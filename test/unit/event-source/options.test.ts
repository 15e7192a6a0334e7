import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type CommandOptions, eventSourceOptions } from '../../../scripts/event-source/options.ts';

type Flags = Parameters<typeof eventSourceOptions>[0];

const read = (flags: Flags, words: string[] = []): CommandOptions =>
  eventSourceOptions(flags, words, {}, ['processor']);

describe('flags of npm run event-source', () => {
  test('are read as they mean', () => {
    expect(read({ window: '300s', timeout: '15m', for: '596h', retries: '-1', 'record-age': '-1' })).toMatchObject({
      ...{ windowMs: 300_000, timeoutMs: 900_000, forMs: 2_145_600_000 },
      policy: { maxRetries: -1, maxAgeMs: -1, bisect: true },
    });
  });

  test.each<[Flags, string]>([
    [{ window: '301s' }, "--window takes 0s to 300s, not '301s'"],
    [
      { timeout: '2s' },
      '--timeout must be longer than DEADLINE_MARGIN_MS, 2000 ms: the function stops so long before it',
    ],
    [{ timeout: '0s' }, "--timeout takes 1s to 900s, not '0s'"],
    [{ timeout: '600h' }, "--timeout takes 1s to 900s, not '600h'"],
    // A timer that is set for so long ends at once.
    [{ for: '600h' }, "--for takes 0s to 596h, not '600h'"],
    [{ window: '1h', retries: 'x' }, "--retries takes a whole number from 0 to 10000, not 'x'"],
    [{ 'batch-size': '10001' }, "--batch-size takes a whole number from 1 to 10000, not '10001'"],
    [{ 'min-pollers': '3', 'max-pollers': '2' }, '--max-pollers is below --min-pollers'],
    [{ 'on-failure': 's3://bucket' }, "--on-failure takes kafka://topic, not 's3://bucket'"],
    [{ function: 'other' }, "--function takes one of processor, not 'other'"],
  ])('%o are refused', (flags, says) => {
    expect(() => read(flags)).toThrow(says);
  });

  test('name brokers that answer, or are told at once which do not', () => {
    const args = ['scripts/event-source.ts', '--bootstrap-servers', '127.0.0.1:1'];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('no broker answers.') });
  });

  test('name no on-failure topic that is polled', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const args = [
      'scripts/event-source.ts',
      '--bootstrap-servers',
      '127.0.0.1:1',
      '--on-failure',
      'kafka://market.raw',
    ];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('--on-failure is market.raw, which is polled'),
    });
  });
});
