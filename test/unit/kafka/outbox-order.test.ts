import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProduceBatch, Producer, SendFailure } from '../../../functions/kafka/port.ts';
import { EngineError } from '../../../functions/runtime/errors.ts';
import { outboxOf, tooLarge, transient } from './fake-producer.ts';

let looks = 0;
/** Lanes that have more at hand at two looks of three. */
function moreToCome(): boolean {
  looks += 1;
  return looks % 3 !== 0;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What befalls a batch at its broker. `unheard`: it is stored, and the answer is lost. */
type Fortune = 'stored' | 'unheard' | 'refused';

const stateOf = (batch: ProduceBatch): string[] => batch.records.map(({ value }) => `${value}`);

/**
 * Brokers that keep the port's promise: a batch that comes again unchanged is known, and stored once. Whatever breaks the
 * other side of it (a changed batch after a lost answer, two requests to one broker at a time) is noted.
 */
function createBrokers(fortunes: readonly Fortune[], mostRecords: number, moves: boolean) {
  const logs = new Map<number, string[]>();
  const unheard = new Map<number, string>();
  const faults: string[] = [];
  const busy = new Set<number>();
  let turn = 0;
  let shift = 0;
  let answered = 0;

  function store(batch: ProduceBatch): SendFailure | undefined {
    const values = stateOf(batch);
    const content = values.join(' ');
    const before = unheard.get(batch.partition);
    const fortune = fortunes[answered % fortunes.length] ?? 'stored';
    answered += 1;
    if (before !== undefined && before !== content) faults.push(`${content} came where ${before} was unanswered`);
    if (values.length === 0) faults.push('an empty batch');
    if (before === undefined) {
      if (values.some((value) => value.startsWith('L')) || values.length > mostRecords) return tooLarge;
      if (fortune === 'refused') return transient;
      logs.set(batch.partition, [...(logs.get(batch.partition) ?? []), ...values]);
    }
    if (fortune !== 'stored') {
      unheard.set(batch.partition, content);
      return transient;
    }
    unheard.delete(batch.partition);
    return undefined;
  }

  const leaderOf = (_topic: string, partition: number): number => (partition + shift) % 3;
  const producer: Producer = {
    connect: async () => undefined,
    close: async () => undefined,
    leaderOf,
    async refreshLeaders() {
      await new Promise((resolve) => setTimeout(resolve, 3));
      if (moves) shift += 1;
    },
    async send(batches) {
      const leaders = new Set(batches.map(({ topic, partition }) => leaderOf(topic, partition)));
      const partitions = new Set(batches.map(({ partition }) => partition));
      if (leaders.size !== 1) faults.push(`a request for ${leaders.size} leaders`);
      if (partitions.size !== batches.length) faults.push('one partition twice in a request');
      const [leader = -1] = leaders;
      if (busy.has(leader)) faults.push(`a second request to leader ${leader}`);
      busy.add(leader);
      turn += 1;
      await new Promise((resolve) => setTimeout(resolve, (turn * 7) % 20));
      if (!moves) busy.delete(leader);
      else busy.clear(); // who leads has changed: only the outbox knows whose request this was
      return batches.map(store);
    },
  };
  return { producer, logs, faults };
}

function namer(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

const publishes = fc.array(
  fc.record({
    partition: fc.nat(5),
    count: fc.integer({ min: 1, max: 4 }),
    large: fc.nat(9),
    waitMs: fc.constantFrom(0, 3, 30),
  }),
  { minLength: 1, maxLength: 25 },
);
const fortunes = fc
  .array(fc.constantFrom<Fortune>('stored', 'stored', 'unheard', 'refused'), { minLength: 1, maxLength: 9 })
  .map((some): Fortune[] => [...some, 'stored']);

describe('the outbox, whatever befalls its requests', () => {
  test.each([
    ['leaders stay', false],
    ['leaders move', true],
  ])('has every record stored and acknowledged once, in the order of its partition, while %s', async (_what, moves) => {
    await fc.assert(
      fc.asyncProperty(publishes, fortunes, fc.integer({ min: 1, max: 5 }), async (plan, luck, mostRecords) => {
        const { producer, logs, faults } = createBrokers(luck, mostRecords, moves);
        const { publish, fates, order, outbox } = outboxOf(producer, { maxBytes: 500, moreToCome });
        const given = new Map<number, string[]>();
        const name = namer();
        for (const { partition, count: more, large, waitMs } of plan) {
          const values = Array.from(
            { length: more },
            (_, index) => `${large === 0 && index === 0 ? 'L' : 'r'}${name()}`,
          );
          given.set(partition, [...(given.get(partition) ?? []), ...values]);
          publish(partition, values);
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        await vi.advanceTimersByTimeAsync(600_000);

        expect(faults).toEqual([]);
        const isSmall = (value: string): boolean => !value.startsWith('L');
        for (const [partition, values] of given) {
          expect(logs.get(partition) ?? []).toEqual(values.filter(isSmall));
          expect(order.filter((value) => values.includes(value))).toEqual(values);
        }
        for (const [value, ends] of fates) {
          expect(ends).toEqual([isSmall(value) ? 'acknowledged' : expect.any(EngineError)]);
        }
        expect([outbox.full, outbox.degraded]).toEqual([false, false]);
        expect(vi.getTimerCount()).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test('and whatever is cancelled, tells the others once, in order, and loses none of them', async () => {
    await fc.assert(
      fc.asyncProperty(publishes, fortunes, fc.nat(24), async (plan, luck, cancelAt) => {
        const { producer, logs, faults } = createBrokers(luck, 3, false);
        const { publish, order, outbox } = outboxOf(producer, { moreToCome });
        const [mine, theirs] = [{}, {}];
        const kept = new Map<number, string[]>();
        const all = new Map<number, string[]>();
        const name = namer();
        for (const [index, { partition, count: more, waitMs }] of plan.entries()) {
          const values = Array.from({ length: more }, () => `r${name()}`);
          const owner = index % 2 === 0 && index < cancelAt ? mine : theirs;
          if (index === cancelAt) outbox.cancel(mine);
          if (owner === theirs) kept.set(partition, [...(kept.get(partition) ?? []), ...values]);
          all.set(partition, [...(all.get(partition) ?? []), ...values]);
          publish(partition, values, 100, owner);
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        await vi.advanceTimersByTimeAsync(600_000);

        expect(faults).toEqual([]);
        for (const [partition, values] of kept) {
          const log = logs.get(partition) ?? [];
          expect(log.filter((value) => values.includes(value))).toEqual(values);
          expect(order.filter((value) => values.includes(value))).toEqual(values);
        }
        for (const [partition, log] of logs) {
          expect(log).toEqual((all.get(partition) ?? []).filter((value) => log.includes(value)));
        }
        expect([outbox.full, outbox.degraded]).toEqual([false, false]);
      }),
      { numRuns: 150 },
    );
  });
});
