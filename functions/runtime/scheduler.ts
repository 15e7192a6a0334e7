/** Work that can be done in slices. */
export interface Task {
  /** Works until the given `performance.now()`; true when it has more to do at once. */
  run(untilMs: number): boolean;
}

/** Gives every task a turn, and the event loop (sockets, timers, heartbeats) one between turns. */
export interface Scheduler {
  schedule(task: Task): void;
  /** Whether a task waits for its turn. */
  readonly busy: boolean;
}

const turnMs = 5;

/** One partition's backlog must not starve the others, nor a heartbeat: tasks take turns of a few milliseconds. */
export function createScheduler(): Scheduler {
  const waiting = new Set<Task>();
  let armed = false;

  function turn(): void {
    armed = false;
    const untilMs = performance.now() + turnMs;
    // Tasks that are scheduled during the turn, or have more to do, go to the end of the queue.
    for (const task of waiting) {
      waiting.delete(task);
      if (task.run(untilMs)) waiting.add(task);
      if (performance.now() >= untilMs) break;
    }
    if (waiting.size > 0) arm();
  }

  function arm(): void {
    if (armed) return;
    armed = true;
    setImmediate(turn);
  }

  return {
    schedule(task) {
      waiting.add(task);
      arm();
    },
    get busy() {
      return waiting.size > 0;
    },
  };
}
