import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createOffsetTracker, type Tracked } from '../../../functions/runtime/tracker.ts';

function trackerOf(...offsets: number[]) {
  const tracker = createOffsetTracker<Tracked>();
  const entries = offsets.map((offset) => ({ offset, done: false }));
  for (const entry of entries) tracker.add(entry);
  const finish = (offset: number): void => {
    const entry = entries.find((one) => one.offset === offset);
    if (entry !== undefined) tracker.finish(entry);
  };
  return { tracker, finish };
}

describe('the tracker', () => {
  test('has no position before anything is done', () => {
    const { tracker } = trackerOf(10, 11);
    expect(tracker.position).toBeUndefined();
    expect(tracker.firstUndone?.offset).toBe(10);
    expect(tracker.outstanding).toBe(2);
  });

  test('lets go of every record that the position has passed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const tracker = createOffsetTracker<Tracked>();
    const held = Array.from({ length: 100 }, (_, offset) => {
      const entry = { offset, done: false };
      tracker.add(entry);
      if (offset < 99) tracker.finish(entry);
      return new WeakRef(entry);
    });
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds its target until the turn ends
    collect();
    expect(held.filter((reference) => reference.deref() !== undefined)).toHaveLength(1);
    expect(tracker.firstUndone?.offset).toBe(99);
  });

  test('does not pass a record that is not done', () => {
    const { tracker, finish } = trackerOf(10, 11, 12);
    finish(11);
    finish(12);
    expect(tracker.position).toBeUndefined();
    finish(10);
    expect(tracker.position).toBe(13);
    expect(tracker.firstUndone).toBeUndefined();
    expect(tracker.outstanding).toBe(0);
  });

  test('stands after the record, not after the gap that follows it', () => {
    const { tracker, finish } = trackerOf(10, 20, 30);
    finish(10);
    expect(tracker.position).toBe(11);
    finish(20);
    expect(tracker.position).toBe(21);
    expect(tracker.firstUndone?.offset).toBe(30);
  });

  test('keeps its position while it is empty', () => {
    const { tracker, finish } = trackerOf(7);
    finish(7);
    const later = { offset: 9, done: false };
    tracker.add(later);
    expect(tracker.position).toBe(8);
    expect(tracker.firstUndone).toBe(later);
  });

  test('is right over thousands of records, when it lets go of those it has passed', () => {
    const tracker = createOffsetTracker<Tracked>();
    const entries = Array.from({ length: 10_000 }, (_, offset) => ({ offset, done: false }));
    for (const [offset, entry] of entries.entries()) {
      tracker.add(entry);
      const finished = entries[offset - 10]; // ten are always on their way
      if (finished === undefined) continue;
      tracker.finish(finished);
      const { position, outstanding, firstUndone } = tracker;
      if (position !== offset - 9 || outstanding !== 10 || firstUndone !== entries[offset - 9]) {
        expect.unreachable(`wrong at ${offset}: ${position}, ${outstanding}`);
      }
    }
    expect(tracker.position).toBe(9_990);
  });

  test('agrees with counting by hand, for every order of finishing and any gaps', () => {
    const plan = fc
      .array(fc.record({ gap: fc.integer({ min: 1, max: 4 }), rank: fc.nat() }), { maxLength: 60 })
      .chain((steps) => fc.record({ steps: fc.constant(steps), addFirst: fc.nat({ max: steps.length }) }));
    fc.assert(
      fc.property(plan, ({ steps, addFirst }) => {
        const tracker = createOffsetTracker<Tracked>();
        let offset = 0;
        const entries = steps.map(({ gap, rank }) => {
          offset += gap;
          return { offset, done: false, rank };
        });
        const model: { offset: number; done: boolean }[] = [];
        const check = (): void => {
          const undone = model.findIndex(({ done }) => !done);
          const run = undone === -1 ? model : model.slice(0, undone);
          const last = run.at(-1);
          expect(tracker.position).toBe(last && last.offset + 1);
          expect(tracker.outstanding).toBe(model.length - run.length);
          expect(tracker.firstUndone?.offset).toBe(model[undone]?.offset);
        };
        const add = (entry: (typeof entries)[number]): void => {
          tracker.add(entry);
          model.push({ offset: entry.offset, done: false });
          check();
        };
        for (const entry of entries.slice(0, addFirst)) add(entry);
        const finishing = entries.slice(0, addFirst).sort((a, b) => a.rank - b.rank);
        for (const entry of finishing.slice(0, addFirst / 2)) finish(entry);
        for (const entry of entries.slice(addFirst)) add(entry);
        const rest = [...finishing.slice(addFirst / 2), ...entries.slice(addFirst)].sort((a, b) => a.rank - b.rank);
        for (const entry of rest.filter(({ done }) => !done)) finish(entry);
        expect(tracker.outstanding).toBe(0);

        function finish(entry: (typeof entries)[number]): void {
          tracker.finish(entry);
          for (const one of model) if (one.offset === entry.offset) one.done = true;
          check();
        }
      }),
    );
  });
});
