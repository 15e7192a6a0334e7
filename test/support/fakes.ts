import type { InboundRecord, Logger } from '../../functions/runtime/contract.ts';
import type { EngineError } from '../../functions/runtime/errors.ts';
import type { OutboundRecord, Publisher, Receipt } from '../../functions/runtime/publisher.ts';
import type { Scheduler, Task } from '../../functions/runtime/scheduler.ts';
import { createRecord, type RecordFields } from '../../functions/runtime/testing.ts';

/** Records of one partition in offset order, from 0 unless they say otherwise. */
export function createRecords(...fields: RecordFields[]): InboundRecord[] {
  return fields.map((field, index) => createRecord({ offset: index, ...field }));
}

/** One record that a publisher was given, and what became of it. */
export interface Sent {
  readonly partition: number;
  readonly record: OutboundRecord;
  state: 'waiting' | 'acknowledged' | 'refused' | 'forgotten';
}

/** A publisher that tells nobody anything until the test says so, and never from within `publish`, as the real one. */
export interface FakePublisher extends Publisher {
  full: boolean;
  degraded: boolean;
  /** All that it was given, in order. */
  readonly sent: readonly Sent[];
  readonly waiting: readonly Sent[];
  /** Acknowledges the oldest that wait. */
  acknowledge(count?: number): void;
  /** Refuses one. Within a partition the answers come in order, so those before it must have had theirs. */
  refuse(sent: Sent | undefined, error: EngineError): void;
}

export function createPublisher(facts: Partial<Pick<Publisher, 'topic' | 'partitionCount' | 'maxRecordBytes'>> = {}) {
  const sent: (Sent & { readonly receipt: Receipt; readonly owner: object })[] = [];
  const waiting = (): typeof sent => sent.filter(({ state }) => state === 'waiting');
  const publisher: FakePublisher = {
    topic: 'out',
    partitionCount: 4,
    maxRecordBytes: Number.POSITIVE_INFINITY,
    ...facts,
    full: false,
    degraded: false,
    publish(partition, record, _bytes, receipt, owner) {
      if (!(partition >= 0 && partition < publisher.partitionCount)) throw new RangeError(`no partition ${partition}`);
      sent.push({ partition, record, receipt, owner, state: 'waiting' });
    },
    cancel(owner) {
      for (const one of waiting()) if (one.owner === owner) one.state = 'forgotten';
    },
    sent,
    get waiting() {
      return waiting();
    },
    acknowledge(count = Number.POSITIVE_INFINITY) {
      for (const one of waiting().slice(0, count)) {
        // An answer may cancel or add others.
        if (one.state !== 'waiting') continue;
        one.state = 'acknowledged';
        one.receipt.acknowledged();
      }
    },
    refuse(refused, error) {
      const one = waiting().find(({ partition }) => partition === refused?.partition);
      if (one === undefined || one !== refused) throw new Error('Only the oldest of a partition can be refused');
      one.state = 'refused';
      one.receipt.refused(error);
    },
  };
  return publisher;
}

/** Turns when the test says so. */
export interface FakeScheduler extends Scheduler {
  /** Gives turns until no task has more to do. */
  run(): void;
}

const mostTurns = 10_000;

export function createManualScheduler(): FakeScheduler {
  const waiting = new Set<Task>();
  return {
    schedule: (task) => void waiting.add(task),
    get busy() {
      return waiting.size > 0;
    },
    run() {
      for (let turns = 0; waiting.size > 0; turns += 1) {
        if (turns > mostTurns) throw new Error('A task says that it has more to do, and does nothing');
        for (const task of [...waiting]) {
          waiting.delete(task);
          if (task.run(Number.POSITIVE_INFINITY)) waiting.add(task);
        }
      }
    },
  };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps its lines, those of its children with what they are bound to. */
export function createRecordingLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const bound = (bindings: Record<string, unknown>): Logger => {
    const write = (level: LogLine['level']) => (fields: object, message: string) => {
      lines.push({ level, fields: { ...bindings, ...fields }, message });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (more) => bound({ ...bindings, ...more }),
    };
  };
  return { ...bound({}), lines };
}
