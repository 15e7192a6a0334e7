import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { whyEnded } from '../../../scripts/start/run.ts';
import { CommandError } from '../../../scripts/support/command.ts';

test('a wait that Ctrl-C cuts off is told as the interruption, any other failure as it is', async () => {
  const quit = new AbortController();
  const reason = new CommandError('interrupted: nothing was left running');
  const wait = sleep(60_000, undefined, { signal: quit.signal }).catch((error: unknown) => error);
  expect(whyEnded(reason, quit.signal)).toBe(reason);
  quit.abort(reason);
  expect(whyEnded(await wait, quit.signal)).toBe(reason);
  const other = new CommandError('no brokers');
  expect(whyEnded(other, quit.signal)).toBe(other);
});
