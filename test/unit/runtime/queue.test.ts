import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRecordQueue } from '../../../functions/runtime/queue.ts';
import { createRecords } from '../../support/fakes.ts';

describe('the queue', () => {
  test('gives records in order, across the batches they came in', () => {
    const queue = createRecordQueue();
    const [a, b, c] = createRecords({}, {}, {});
    queue.push(
      [a, b].filter((record) => record !== undefined),
      20,
    );
    queue.push(
      [c].filter((record) => record !== undefined),
      30,
    );
    expect(queue.peek()).toBe(a);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([a, b, c]);
    expect(queue.peek()).toBeUndefined();
  });

  test('is empty, or throws', () => {
    const queue = createRecordQueue();
    queue.push([], 10);
    expect(queue.length).toBe(0);
    expect(queue.bytes).toBe(0);
    expect(() => queue.shift()).toThrow(RangeError);
  });

  test('forgets all when cleared in the middle of a batch', () => {
    const queue = createRecordQueue();
    queue.push(createRecords({}, {}), 20);
    queue.shift();
    queue.clear();
    expect([queue.length, queue.bytes, queue.peek()]).toEqual([0, 0, undefined]);
    const [next] = createRecords({ offset: 9 });
    queue.push(next === undefined ? [] : [next], 5);
    expect(queue.shift()).toBe(next);
  });

  test('counts records one by one, and bytes by the batches that still have some', () => {
    const steps = fc.array(fc.oneof(fc.constant('shift' as const), fc.integer({ min: 0, max: 5 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const queue = createRecordQueue();
        let batches: number[][] = [];
        let pushed = 0;
        for (const step of all) {
          if (step === 'shift') {
            const [first] = batches;
            if (first === undefined) continue;
            expect(queue.peek()?.offset).toBe(first[0]);
            expect(queue.shift().offset).toBe(first.shift());
          } else {
            const offsets = Array.from({ length: step }, (_, index) => pushed + index);
            pushed += step;
            queue.push(createRecords(...offsets.map((offset) => ({ offset }))), 100);
            batches.push(offsets);
          }
          batches = batches.filter((batch) => batch.length > 0);
          expect(queue.length).toBe(batches.flat().length);
          expect(queue.bytes).toBe(100 * batches.length);
        }
      }),
    );
  });
});
