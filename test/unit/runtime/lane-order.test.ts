import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Story, stories, tell } from './lane-stories.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const isHoldUp = (what: string): boolean => ['down', 'degrade', 'doubt'].includes(what);

// Whatever handlers do and whenever publishers answer. What must hold is checked after each step of the story.
describe.each(['key', 'partition'] as const)('with order per %s', (order) => {
  test.each([
    ['records', false],
    ['batches', true],
  ])('%s: in order, each ends once, and the position passes none that is not done', async (_what, batches) => {
    await fc.assert(
      fc.asyncProperty(stories, async (story: Story) => {
        const { kit, finish, check, endings, firstEmissions, records } = await tell(story, order, batches);
        await finish();
        check();

        expect(endings()).toEqual(records.map(({ offset }) => [offset, 1]));
        for (const emitted of firstEmissions().values()) expect(emitted).toEqual([...emitted].sort((a, b) => a - b));
        const { recordsIn, recordsFiltered, recordsDead, waitingForDependency } = kit.metrics;
        expect(recordsIn).toBe(records.length);
        expect(waitingForDependency).toBe(0);
        const dead = Object.values(recordsDead).reduce((sum, count) => sum + count, 0);
        expect(dead).toBe(kit.deadLetters.sent.length);
        expect(recordsFiltered + dead).toBeLessThanOrEqual(records.length);
        expect(kit.lane.position).toBe((records.at(-1)?.offset ?? -1) + 1);
      }),
      { numRuns: 150 },
    );
  });

  test('a stop ends, publishes in order, and leaves a clean cut', async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), async (story: Story, batches) => {
        const { kit, check, firstEmissions } = await tell(story, order, batches);
        const before = kit.metrics.recordsIn;
        let ended = false;
        void kit.lane.stop().then(() => {
          ended = true;
        });
        // What waits in front of something done is seen to first, one by one.
        for (let round = 0; round < 500 && !ended; round += 1) {
          await kit.pass(1_000);
          await kit.acknowledgeAll();
        }
        check();

        expect(ended).toBe(true);
        // Nothing past the cut was published, but behind what a stop does not wait for.
        if (![...story.parts.flatMap(({ deeds }) => deeds), ...story.steps.map(({ kind }) => kind)].some(isHoldUp)) {
          const last = Math.max(-1, ...[...firstEmissions().values()].flat());
          expect(last).toBeLessThan(kit.lane.position ?? 0);
        }
        expect(kit.metrics.recordsIn).toBe(before);
        expect(kit.lane.bufferedRecords).toBe(0);
        for (const emitted of firstEmissions().values()) expect(emitted).toEqual([...emitted].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  test('after an abort nothing is published, handled or done', async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.boolean(), async (story: Story, batches) => {
        const { kit, calls } = await tell(story, order, batches);
        kit.lane.abort('lost');
        const { position } = kit.lane;
        const sent = kit.outputs.sent.length + kit.deadLetters.sent.length;
        const called = calls();
        await kit.pass(60_000);

        expect(kit.outputs.sent.length + kit.deadLetters.sent.length).toBe(sent);
        expect(kit.outputs.waiting.length + kit.deadLetters.waiting.length).toBe(0);
        expect(calls()).toBe(called);
        expect(kit.lane.position).toBe(position);
        expect(kit.metrics.waitingForDependency).toBe(0);
      }),
      { numRuns: 80 },
    );
  });
});
