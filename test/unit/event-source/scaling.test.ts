import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { scaleBy } from '../../../scripts/event-source/scaling.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(minPollers: number, maxPollers: number) {
  const state = { pollers: minPollers, waiting: 0 };
  const scaling = scaleBy({
    ...{ minPollers, maxPollers },
    pollers: () => state.pollers,
    waiting: () => state.waiting,
    add: async () => {
      state.pollers += 1;
    },
    remove: async () => {
      state.pollers -= 1;
    },
    onNotice: () => undefined,
  });
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
  return { state, scaling, pass };
}

test('pollers are added while records pile up, to the most there may be, and let go when nothing waits', async () => {
  const { state, scaling, pass } = setUp(1, 3);
  state.waiting = 10_000;
  await pass(5);
  expect(state.pollers).toBe(1); // one look is no trend
  await pass(5);
  expect(state.pollers).toBe(2);
  await pass(60);
  expect(state.pollers).toBe(3);

  state.waiting = 0;
  await pass(25);
  expect(state.pollers).toBe(3);
  await pass(600);
  expect(state.pollers).toBe(1);
  await scaling.stop();
});

test('a backlog that each poller can carry changes nothing, and neither does anything after the stop', async () => {
  const { state, scaling, pass } = setUp(2, 4);
  state.waiting = 2_000;
  await pass(60);
  expect(state.pollers).toBe(2);
  await scaling.stop();
  state.waiting = 100_000;
  await pass(60);
  expect(state.pollers).toBe(2);
});
