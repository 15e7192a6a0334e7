import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createScheduler, type Task } from '../../../functions/runtime/scheduler.ts';

let nowMs = 0;
beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A task of so many units, a millisecond each, that stops at the end of its turn. */
function taskOf(name: string, units: number, log: string[]): Task {
  let left = units;
  return {
    run(untilMs) {
      log.push(name);
      while (left > 0) {
        left -= 1;
        nowMs += 1;
        if (nowMs >= untilMs) break;
      }
      return left > 0;
    },
  };
}

describe('the scheduler', () => {
  test('does nothing at once, and all of a short task at its turn', () => {
    const log: string[] = [];
    createScheduler().schedule(taskOf('a', 1, log));
    expect(log).toEqual([]);
    vi.advanceTimersToNextTimer();
    expect(log).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives every task its turn, however much the first has to do', () => {
    const log: string[] = [];
    const scheduler = createScheduler();
    scheduler.schedule(taskOf('long', 30, log));
    scheduler.schedule(taskOf('b', 1, log));
    scheduler.schedule(taskOf('c', 1, log));
    vi.runAllTimers();
    expect(log.slice(0, 4)).toEqual(['long', 'b', 'c', 'long']);
    expect(nowMs).toBe(32);
  });

  test('lets the event loop in after 5 ms of work', () => {
    const log: string[] = [];
    const scheduler = createScheduler();
    scheduler.schedule(taskOf('a', 12, log));
    setImmediate(() => log.push('a heartbeat'));
    vi.runAllTimers();
    expect(log).toEqual(['a', 'a heartbeat', 'a', 'a']);
  });

  test('runs a task once that is scheduled twice', () => {
    const log: string[] = [];
    const scheduler = createScheduler();
    const task = taskOf('a', 1, log);
    scheduler.schedule(task);
    scheduler.schedule(task);
    vi.runAllTimers();
    expect(log).toEqual(['a']);
  });

  test('takes tasks from within a turn', () => {
    const log: string[] = [];
    const scheduler = createScheduler();
    scheduler.schedule({
      run() {
        scheduler.schedule(taskOf('inner', 1, log));
        return false;
      },
    });
    vi.runAllTimers();
    expect(log).toEqual(['inner']);
  });
});
