import { expect, test } from 'vitest';
import { parked } from '../../../scripts/faults/parked.ts';
import type { Stage } from '../../../scripts/faults/scenario.ts';

test('a redrive that fails while the scenario rests ends it at once', async () => {
  const done = async (): Promise<void> => undefined;
  const underTheRedrive = 1_500;
  const stage = {
    ...{ members: [{ kill: done }, { kill: done }], crew: { settled: done }, mark: () => undefined },
    ...{ stopWriting: done, committed: done },
    rest: (ms: number) => (ms === underTheRedrive ? new Promise<void>(() => undefined) : done()),
    parking: {
      mend: () => undefined,
      redrive: () => Promise.reject(new Error('the redrive failed')),
    },
  };
  await expect(parked.run(stage as unknown as Stage)).rejects.toThrow('the redrive failed'); // what it asks of one
}, 2_000);
