import { vi } from 'vitest';
import type {
  BatchFunction,
  FunctionDefinition,
  InboundRecord,
  RecordFunction,
} from '../../../functions/runtime/contract.ts';
import { createLane } from '../../../functions/runtime/lane.ts';
import type { Lane, LaneRuntime } from '../../../functions/runtime/lane-contract.ts';
import { createMetrics, type Metrics } from '../../../functions/runtime/metrics.ts';
import {
  createManualScheduler,
  createPublisher,
  createRecordingLogger,
  type FakePublisher,
  type FakeScheduler,
  type LogLine,
  type Sent,
} from '../../support/fakes.ts';

/** A lane of partition 5 with fakes around it. Outputs go to a topic of 4 partitions, dead letters to one of 2. */
export interface LaneKit {
  readonly lane: Lane;
  readonly outputs: FakePublisher;
  readonly deadLetters: FakePublisher;
  readonly scheduler: FakeScheduler;
  readonly metrics: Metrics;
  readonly lines: readonly LogLine[];
  /** Gives records to the lane and lets it work, promises included. */
  push(...records: InboundRecord[]): Promise<void>;
  /** Lets time pass, the lane working meanwhile. */
  pass(ms: number): Promise<void>;
  /** Lets publishers acknowledge all, again and again, until nothing is left to acknowledge. */
  acknowledgeAll(): Promise<void>;
}

const base = {
  name: 'doubler',
  source: 'in',
  group: 'doublers',
  output: 'out',
  deadLetters: 'in.dlq',
  order: 'key',
  retry: { attempts: 3, initialDelayMs: 100, maxDelayMs: 1_000 },
} as const;

type Parts = Partial<FunctionDefinition>;
type Surroundings = Partial<
  Pick<
    LaneRuntime<undefined>,
    'outputs' | 'maxOutstanding' | 'dependencyPatienceMs' | 'mayWork' | 'onProgress' | 'onLate'
  >
>;

/** The kit of a function that takes records one by one. Needs fake timers. */
export function recordKit(
  handle: RecordFunction['handle'],
  parts: Omit<Parts, 'handle' | 'handleBatch'> = {},
  surroundings: Surroundings & { readonly maxRecordBytes?: number } = {},
): LaneKit {
  return createKit({ ...base, ...parts, handle }, surroundings);
}

/** The kit of a function that takes batches. Needs fake timers. */
export function batchKit(
  handleBatch: BatchFunction['handleBatch'],
  parts: Omit<Parts, 'handle' | 'handleBatch'> = {},
  surroundings: Surroundings = {},
): LaneKit {
  return createKit({ ...base, ...parts, handleBatch }, surroundings);
}

function createKit(
  definition: FunctionDefinition,
  { maxRecordBytes = 1_000_000, ...surroundings }: Surroundings & { readonly maxRecordBytes?: number },
): LaneKit {
  const scheduler = createManualScheduler();
  const outputs = createPublisher({ topic: 'out', partitionCount: 4, maxRecordBytes });
  const deadLetters = createPublisher({ topic: 'in.dlq', partitionCount: 2 });
  const metrics = createMetrics();
  const log = createRecordingLogger();
  const shared = { definition, resources: undefined, outputs, deadLetters, scheduler, metrics, log };
  const defaults = {
    maxOutstanding: 100,
    dependencyPatienceMs: Number.POSITIVE_INFINITY,
    mayWork: () => true,
    confirmedAtMs: () => 0,
  };
  const lane = createLane({ ...shared, ...defaults, ...surroundings }, 5);
  const work = async (): Promise<void> => {
    // A turn may settle promises, and a settled promise may ask for a turn.
    for (let round = 0; round < 4; round += 1) {
      scheduler.run();
      await vi.advanceTimersByTimeAsync(0);
    }
  };
  return {
    lane,
    outputs,
    deadLetters,
    scheduler,
    metrics,
    lines: log.lines,
    async push(...records) {
      lane.push(records, records.length);
      await work();
    },
    async pass(ms) {
      await vi.advanceTimersByTimeAsync(ms);
      await work();
    },
    async acknowledgeAll() {
      while (outputs.waiting.length + deadLetters.waiting.length > 0) {
        outputs.acknowledge();
        deadLetters.acknowledge();
        await work();
      }
    },
  };
}

/** The values of what was published. */
export function values(sent: readonly Sent[]): string[] {
  return sent.map(({ record }) => String(record.value));
}

/** Code, offset and attempts of dead letters. */
export function deaths(sent: readonly Sent[]): string[] {
  return sent.map(({ record: { headers } }) =>
    ['error.code', 'error.offset', 'error.attempts'].map((name) => String(headers[name])).join(' '),
  );
}
