import { expect, test } from 'vitest';
import { readLogLine } from '../../../scripts/start/log-lines.ts';

test('what an instance says is shown without anything that a terminal would obey', () => {
  const msg = 'Publishing \u001b[2J\u009b31m\u202e fails';
  const notice = readLogLine(JSON.stringify({ level: 50, time: '2026-11-26T10:00:00Z', msg }));
  expect(notice).toMatchObject({ kind: 'notice', text: 'Publishing \\u{1b}[2J\\u{9b}31m\\u{202e} fails' });
  expect(readLogLine('\u001b]0;title\u0007')).toEqual({ kind: 'text', text: '\\u{1b}]0;title\\u{7}' });
});

test('a notice has the reason beside its text, so that it is told once whatever record it names', () => {
  const [msg, error] = ['A dependency is down: the partition waits', 'There is no \u001b[2Jprimary to write to.'];
  expect(readLogLine(JSON.stringify({ level: 40, msg, error }))).toMatchObject({
    ...{ kind: 'notice', text: msg, reason: 'There is no \\u{1b}[2Jprimary to write to.' },
  });
  expect(readLogLine(JSON.stringify({ level: 50, msg }))).toMatchObject({ text: msg, reason: '' });
});
