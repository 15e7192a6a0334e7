import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDenials } from '../../../functions/hosts/container/denials.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const read = { operation: 'Read', resource: 'topic', name: 'in' } as const;
const group = { operation: 'Read', resource: 'group', name: 'g' } as const;

test('a right that is missing is logged once, and is back when no broker has denied it for a while', async () => {
  const log = createRecordingLogger();
  const denials = createDenials(log);
  for (const right of [read, read, group, read]) denials.add(right);
  expect(denials.reasons()).toEqual([
    expect.stringContaining('the brokers deny it Read on topic in'),
    expect.stringContaining('the brokers deny it Read on group g'),
  ]);

  denials.allowed('topic');
  await vi.advanceTimersByTimeAsync(1_500);
  denials.add(read); // another broker has not heard of it yet
  await vi.advanceTimersByTimeAsync(10_000);
  expect(denials.count).toBe(2);

  denials.allowed('topic');
  denials.allowed('topic');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(denials.reasons()).toEqual([expect.stringContaining('group g')]);
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'error', 'info']);
});
