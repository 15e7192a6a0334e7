import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchResult, HandlerResult, InboundRecord, RecordOrder } from '../../../functions/runtime/contract.ts';
import { BadInputError, DependencyDownError, EngineError, RetryableError } from '../../../functions/runtime/errors.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import type { Sent } from '../../support/fakes.ts';
import { batchKit, type LaneKit, recordKit } from './lane-kit.ts';

/** What a handler does with a record, try by try; the last one for good. */
type Deed = 'one' | 'two' | 'none' | 'bad' | 'bug' | 'retry' | 'down';

interface Part {
  readonly key: string | null;
  readonly gap: number;
  readonly deeds: readonly Deed[];
  /** How long the handler waits; `null` when it returns no promise. */
  readonly slowMs: number | null;
}

type Step =
  | { readonly kind: 'push'; readonly count: number }
  | { readonly kind: 'acknowledge' | 'bury'; readonly count: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'refuse' | 'degrade' | 'fill' | 'doubt' };

export interface Story {
  readonly parts: readonly Part[];
  readonly steps: readonly Step[];
  /** Whether a batch of more than one record fails as a whole. */
  readonly wholeFails: boolean;
  readonly maxOutstanding: number;
}

const deed = fc.constantFrom<Deed>('one', 'two', 'none', 'bad', 'bug', 'retry', 'down');
const part: fc.Arbitrary<Part> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', null),
  gap: fc.integer({ min: 1, max: 3 }),
  deeds: fc.array(deed, { minLength: 1, maxLength: 5 }),
  slowMs: fc.option(fc.constantFrom(0, 5, 50)),
});
const count = fc.integer({ min: 1, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), count }),
  fc.record({ kind: fc.constantFrom('acknowledge' as const, 'bury' as const), count }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 20, 150) }),
  fc.record({ kind: fc.constantFrom('refuse' as const, 'degrade' as const, 'fill' as const, 'doubt' as const) }),
);

/** A partition's records, and what happens around them while they are handled. */
export const stories: fc.Arbitrary<Story> = fc.record({
  parts: fc.array(part, { minLength: 1, maxLength: 14 }),
  steps: fc.array(step, { maxLength: 25 }),
  wholeFails: fc.boolean(),
  maxOutstanding: fc.integer({ min: 1, max: 20 }),
});

const outputCount = { one: 1, two: 2 } as const;

function endOf(deed: Deed, record: InboundRecord): HandlerResult {
  if (deed === 'none') return undefined;
  const value = String(record.offset);
  if (deed === 'one') return { value };
  if (deed === 'two') return [{ value }, { value }];
  if (deed === 'bad') throw new BadInputError('DECODE_FAILED', 'no JSON');
  if (deed === 'retry') throw new RetryableError('later');
  if (deed === 'down') throw new DependencyDownError('away');
  throw new TypeError('a bug');
}

/** Plays a story, and checks after each step what must always hold. */
export async function tell(story: Story, order: RecordOrder, batches: boolean) {
  let offset = 40;
  const records = story.parts.map(({ key, gap }) => {
    offset += gap;
    return createRecord({ topic: 'in', partition: 5, offset, key });
  });
  const partOf = new Map(records.map((record, index) => [record.offset, story.parts[index]]));
  const laneOf = (record: InboundRecord): string => (order === 'partition' ? 'all' : `${record.key}`);
  const calls = new Map<number, number>();
  const lastDeeds = new Map<number, Deed>();
  const running = new Set<string>();
  /** Kept for later: what a handler throws is the lane's to deal with. */
  const violations: string[] = [];
  let callCount = 0;
  let trusted = true;

  /** One try of one record: what it does depends on how often it was tried. A dependency is back in the end. */
  function attempt(record: InboundRecord): HandlerResult {
    const deeds = partOf.get(record.offset)?.deeds ?? [];
    const call = calls.get(record.offset) ?? 0;
    calls.set(record.offset, call + 1);
    const last = deeds.at(-1) === 'down' ? 'none' : (deeds.at(-1) ?? 'none');
    const now = deeds[call] ?? last;
    lastDeeds.set(record.offset, now);
    return endOf(now, record);
  }

  function handle(record: InboundRecord): HandlerResult | Promise<HandlerResult> {
    callCount += 1;
    const slowMs = partOf.get(record.offset)?.slowMs ?? null;
    if (!trusted) violations.push(`${record.offset} was handled while the membership was in doubt`);
    if (running.has(laneOf(record))) violations.push(`${record.offset} was handled before the one in front had ended`);
    if (slowMs === null) return attempt(record);
    running.add(laneOf(record));
    return new Promise((resolve) => setTimeout(resolve, slowMs)).then(() => {
      running.delete(laneOf(record));
      return attempt(record);
    });
  }

  async function handleBatch(batch: readonly InboundRecord[]): Promise<readonly BatchResult[]> {
    const [first] = batch;
    if (first === undefined) throw new RangeError('an empty batch');
    if (batch.length === 1) return [asResult(await handle(first))];
    callCount += 1;
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (story.wholeFails) throw new Error('one of you');
    const results: BatchResult[] = [];
    for (const record of batch) {
      try {
        results.push(attempt(record));
      } catch (error) {
        results.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
    return results;
  }

  const surroundings = { maxOutstanding: story.maxOutstanding, mayWork: () => trusted, confirmedAtMs: () => 0 };
  const kit = batches ? batchKit(handleBatch, { order }, surroundings) : recordKit(handle, { order }, surroundings);
  const emissions = watch(kit);
  let pushed = 0;

  function check(): void {
    expect(violations).toEqual([]);
    const position = kit.lane.position ?? 0;
    for (const record of records.filter((one) => one.offset < position)) {
      const caused = emissions.filter((one) => one.offset === record.offset);
      expect(calls.get(record.offset)).toBeGreaterThan(0);
      if (caused.length === 0) expect(lastDeeds.get(record.offset)).toBe('none');
      for (const { sent } of caused) expect(['acknowledged', 'refused']).toContain(sent.state);
      if (caused.some(({ sent }) => sent.state === 'refused')) expect(caused.some(({ dead }) => dead)).toBe(true);
    }
    expect(kit.lane.outstanding).toBeLessThanOrEqual(story.maxOutstanding);
  }

  async function take(step: Step): Promise<void> {
    if (step.kind === 'push') {
      const next = records.slice(pushed, pushed + step.count);
      pushed += next.length;
      await kit.push(...next);
    } else if (step.kind === 'acknowledge') kit.outputs.acknowledge(step.count);
    else if (step.kind === 'bury') kit.deadLetters.acknowledge(step.count);
    else if (step.kind === 'refuse') {
      const [oldest] = kit.outputs.waiting;
      if (oldest !== undefined) kit.outputs.refuse(oldest, new EngineError('OUTPUT_TOO_LARGE', 'no'));
    } else if (step.kind === 'degrade') kit.deadLetters.degraded = !kit.deadLetters.degraded;
    else if (step.kind === 'fill') kit.outputs.full = !kit.outputs.full;
    else if (step.kind === 'doubt') trusted = !trusted;
    await kit.pass(step.kind === 'pass' ? step.ms : 0);
  }

  for (const step of story.steps) {
    await take(step);
    check();
  }
  return {
    kit,
    records,
    check,
    calls: () => callCount,
    /** All is well again: the rest comes, and everything gets its time and its answers. */
    async finish(): Promise<void> {
      trusted = true;
      kit.outputs.full = false;
      kit.deadLetters.degraded = false;
      await kit.push(...records.slice(pushed));
      for (let round = 0; round < 1_000 && kit.lane.outstanding + kit.lane.bufferedRecords > 0; round += 1) {
        kit.lane.wake();
        await kit.acknowledgeAll();
        await kit.pass(100);
      }
    },
    /** By offset, in how many ways it ended: as outputs (all of one try), as one dead letter, as filtered. */
    endings: () =>
      records.map(({ offset }) => {
        const caused = emissions.filter((one) => one.offset === offset);
        const dead = caused.filter((one) => one.dead).length;
        const refused = caused.some(({ sent }) => sent.state === 'refused');
        const last = lastDeeds.get(offset);
        const expected = last === 'one' || last === 'two' ? outputCount[last] : 0;
        const outputs = caused.length - dead;
        const asOutput = Number(outputs > 0 && outputs === expected && !refused);
        const stray = outputs !== 0 && outputs !== expected ? 1 : 0;
        return [offset, asOutput + dead + Number(caused.length === 0 && last === 'none') + stray];
      }),
    /** By what must stay in order, the offsets in the order in which they first left for a broker. */
    firstEmissions(): Map<string, number[]> {
      const lanes = new Map<string, number[]>();
      for (const { offset } of emissions) {
        const record = records.find((one) => one.offset === offset);
        const emitted = lanes.get(record === undefined ? '' : laneOf(record)) ?? [];
        if (!emitted.includes(offset)) emitted.push(offset);
        lanes.set(record === undefined ? '' : laneOf(record), emitted);
      }
      return lanes;
    },
  };
}

/** Every publish of a kit, to either topic, in the order in which they came. */
function watch({ outputs, deadLetters }: LaneKit): { offset: number; dead: boolean; sent: Sent }[] {
  const emissions: { offset: number; dead: boolean; sent: Sent }[] = [];
  for (const [publisher, dead] of [
    [outputs, false],
    [deadLetters, true],
  ] as const) {
    const { publish } = publisher;
    publisher.publish = (partition, record, bytes, receipt, owner) => {
      publish(partition, record, bytes, receipt, owner);
      const sent = publisher.sent.at(-1);
      if (sent === undefined) throw new Error('published, but not there');
      const offset = dead ? String(record.headers['error.offset']) : String(record.headers.source).split('/')[2];
      emissions.push({ offset: Number(offset), dead, sent });
    };
  }
  return emissions;
}

function asResult(result: HandlerResult): BatchResult {
  return result;
}
