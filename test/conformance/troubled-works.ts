import { join } from 'node:path';
import { instruct } from './instruct.ts';
import type { Work } from './work.ts';

// Works in which something goes wrong around the handler: their hosts make it so, and put it right.

/** A handler that outlasts its deadline, or a shutdown: its record and those behind it are delivered again. */
function interrupted(dir: string, act: 'wait' | 'loop'): Work {
  const stuck = { do: act, id: 'stuck', file: join(dir, act) };
  return {
    name: act === 'wait' ? 'a handler past its deadline' : 'a handler in an endless loop',
    functionName: 'interrupted',
    trouble: act === 'wait' ? 'deadline' : 'endless loop',
    outputs: [['before', 'stuck', 'behind'], ['elsewhere']],
    // A process in a loop neither hears that its outputs are stored nor commits, and is killed: what was on its way comes again.
    mayDouble: act === 'loop',
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', { do: 'one', id: 'before' }),
      instruct(0, 'a', stuck),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', { do: 'one', id: 'elsewhere' }),
    ],
  };
}

/** The brokers store no dead letters without a key for a while: the record waits, and all behind it; other partitions do not. */
const deadLettersNotStored: Work = {
  name: 'a dead-letter topic that takes nothing for a while',
  functionName: 'outcomes',
  trouble: 'dead letters not stored',
  partitions: 2,
  deadLetterPartitions: 2,
  records: [
    instruct(0, null, { do: 'one', id: 'before' }),
    instruct(0, null, { do: 'filter' }),
    instruct(0, null, { do: 'throw a string' }),
    instruct(0, null, { do: 'one', id: 'behind' }),
    instruct(0, 'b', { do: 'one', id: 'behind, of another key' }),
    instruct(1, 'c', { do: 'one', id: 'elsewhere' }),
    instruct(1, 'c', { do: 'filter' }),
  ],
  standsAt: [2, 2],
  mayDouble: true,
  outputs: [['before', 'behind', 'behind, of another key'], ['elsewhere']],
};

/** The brokers store no outputs without a key for a while: never a dead letter, and nothing is done that needs them. */
const outputsNotStored: Work = {
  name: 'brokers that do not take outputs for a while',
  functionName: 'outcomes',
  trouble: 'outputs not stored',
  partitions: 2,
  deadLetterPartitions: 2,
  records: [
    instruct(0, null, { do: 'filter' }),
    instruct(0, null, { do: 'one', id: 'waits' }),
    instruct(0, null, { do: 'one', id: 'behind' }),
    instruct(1, 'b', { do: 'filter' }),
    instruct(1, 'b', { do: 'filter' }),
  ],
  standsAt: [1, 2],
  mayDouble: true,
  outputs: [['waits', 'behind'], []],
};

/** Both partitions have a handler under way when one of them goes: what it did is committed, and what is behind is not begun. */
function revoked(dir: string): Work {
  const held = (id: string) => ({ do: 'hold', id, file: join(dir, 'hold') });
  return {
    name: 'a partition revoked',
    functionName: 'interrupted',
    trouble: 'partitions revoked',
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', held('first')),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', held('second')),
      instruct(1, 'b', { do: 'one', id: 'behind too' }),
    ],
    standsAt: [1, 1],
    outputs: [
      ['first', 'behind'],
      ['second', 'behind too'],
    ],
  };
}

/** The group has dropped the member: what it did may be somebody else's, so nothing is committed or published any more. */
function lost(dir: string): Work {
  return {
    name: 'a partition lost',
    functionName: 'interrupted',
    trouble: 'partitions lost',
    partitions: 2,
    deadLetterPartitions: 1,
    records: [
      instruct(0, 'a', { do: 'one', id: 'before' }),
      instruct(0, 'a', { do: 'come late', id: 'stuck', file: join(dir, 'late') }),
      instruct(0, 'a', { do: 'one', id: 'behind' }),
      instruct(1, 'b', { do: 'one', id: 'elsewhere' }),
    ],
    standsAt: [0, 0],
    mayDouble: true,
    outputs: [['before', 'stuck', 'behind'], ['elsewhere']],
  };
}

/** All of them; `dir` is a folder for what a handler must remember from one delivery to the next. */
export function troubledWorks(dir: string, form: 'short' | 'whole'): readonly Work[] {
  const short = [interrupted(dir, 'wait'), deadLettersNotStored, outputsNotStored, revoked(dir), lost(dir)];
  return form === 'short' ? short : [...short, interrupted(dir, 'loop')];
}
