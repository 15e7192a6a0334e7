import { expect, test } from 'vitest';
import { readKeys } from '../../../scripts/start/keys.ts';
import { readLogLine } from '../../../scripts/start/log-lines.ts';

test('keys are commands, several at once too; all others are none', () => {
  expect(readKeys('+-').map((command) => command.kind)).toEqual(['do', 'do']);
  expect(readKeys('\u001b[A\u001b[Bk')).toEqual([
    { kind: 'choose', step: -1 },
    { kind: 'choose', step: 1 },
    { kind: 'kill' },
  ]);
  expect(readKeys('b B')).toEqual([
    { kind: 'do', action: { kind: 'kill-broker' } },
    { kind: 'do', action: { kind: 'restart-broker' } },
  ]);
  expect(readKeys('q\u0003')).toEqual([{ kind: 'quit' }, { kind: 'quit' }]);
  expect(readKeys('xyz\u001b[C\u001b\u00e9')).toEqual([]);
  expect(readKeys('constructor')).toEqual([]);
});

const time = '2026-11-23T10:00:00.000Z';
const atMs = Date.parse(time);

test.each([
  [
    { msg: 'Health and metrics on http://127.0.0.1:4321: /live /ready /metrics', port: 4321 },
    'listening',
    { port: 4321 },
  ],
  [{ msg: 'Assigned partitions: [1, 2] (2)', partitions: [1, 2] }, 'assigned', { partitions: [1, 2], atMs }],
  [{ msg: 'Drained: all that was in flight is done and committed' }, 'released', { lost: false, atMs }],
  [{ msg: 'Drain ended at its deadline: ...' }, 'released', { lost: false, atMs }],
  [{ msg: 'Partitions lost: nothing more of them is published or committed' }, 'released', { lost: true, atMs }],
  [{ msg: 'Shutting down: no new records, finishing those in flight' }, 'leaving', { atMs }],
  [{ msg: 'Out of the consumer group: joining again', level: 40 }, 'notice', { atMs }],
  [{ msg: 'No word from the group for a session timeout: ...', level: 40 }, 'notice', { atMs }],
  [{ msg: 'Something new', level: 50 }, 'notice', { text: 'Something new' }],
])('the log line %o is understood', (entry, kind, fields) => {
  expect(readLogLine(JSON.stringify({ level: 30, time, ...entry }))).toMatchObject({ kind, ...fields });
});

test('other log lines say nothing, and other text is kept', () => {
  expect(readLogLine(JSON.stringify({ level: 40, time, msg: 'Record goes to the dead-letter topic' }))).toBeUndefined();
  expect(readLogLine('')).toBeUndefined();
  expect(readLogLine('null')).toEqual({ kind: 'text', text: 'null' });
  expect(readLogLine('{broken')).toEqual({ kind: 'text', text: '{broken' });
});
