import type { PipelineEvent } from './snapshot.ts';

/** What happened, newest last. */
export interface EventLog {
  add(text: string): void;
  list(): PipelineEvent[];
}

const keep = 60;

export function createEventLog(onEvent: (text: string) => void): EventLog {
  const events: PipelineEvent[] = [];
  return {
    add(text) {
      events.push({ atMs: Date.now(), text });
      if (events.length > keep) events.shift();
      onEvent(text);
    },
    list: () => [...events],
  };
}
