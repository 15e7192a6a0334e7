import { afterEach, expect, test, vi } from 'vitest';
import { createConsumingHost } from '../../../functions/hosts/container/host.ts';
import type { GroupListener, KafkaPort } from '../../../functions/kafka/port.ts';
import type { FunctionDefinition } from '../../../functions/runtime/contract.ts';
import { createMetrics } from '../../../functions/runtime/metrics.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createManualScheduler, createPublisher, createRecordingLogger } from '../../support/fakes.ts';

afterEach(() => void vi.useRealTimers());

/** A host on a member that does nothing, and what the group tells it. */
function setUp() {
  let listener: GroupListener | undefined;
  const member = {
    start: async () => undefined,
    leave: async () => undefined,
    pause: () => undefined,
    confirmedAtMs: Date.now(),
  };
  const kafka = {
    member: (_options: object, given: GroupListener) => {
      listener = given;
      return member;
    },
  } as unknown as KafkaPort; // the host only ever makes a member
  const definition: FunctionDefinition = {
    ...{ name: 'f', source: 'in', group: 'g', deadLetters: 'dlq' },
    order: 'key',
    retry: { attempts: 1, initialDelayMs: 1, maxDelayMs: 1 },
    handle: () => undefined,
  };
  const [metrics, log] = [createMetrics(), createRecordingLogger()];
  const shared = {
    ...{ definition, resources: undefined, outputs: undefined, metrics, log, maxOutstanding: 10 },
    deadLetters: createPublisher({ topic: 'dlq', partitionCount: 2 }),
    scheduler: createManualScheduler(),
  };
  const outgrown = vi.fn();
  const settings = readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'a:1', KAFKA_SESSION_TIMEOUT_MS: '6000' });
  const host = createConsumingHost(definition, settings, kafka, shared, metrics, log, { partitions: 60, outgrown });
  const assign = (...partitions: number[]): void => listener?.assigned(partitions, []);
  const assignBeside = (...foreign: string[]): void => listener?.assigned([3], foreign);
  return { host, assign, assignBeside, outgrown, member, metrics, lines: log.lines };
}

test('a partition that its topic had not at the start ends the instance, before anything of it is handled', async () => {
  const { host, assign, outgrown } = setUp();
  assign(0, 59);
  expect([outgrown.mock.calls.length, host.lanes.size]).toEqual([0, 2]);
  assign(0, 60);
  expect([outgrown.mock.calls.length, host.lanes.size]).toEqual([1, 0]);
  await host.stop();
});

test('a group that says nothing for a session timeout is told once, counted, and again when it answers', async () => {
  vi.useFakeTimers();
  const { host, assign, member, metrics, lines } = setUp();
  const told = () => lines.map(({ message }) => message).filter((message) => /group/.test(message));
  assign(0, 1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect([host.inDoubt, told()]).toEqual([false, []]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([host.inDoubt, metrics.membershipDoubts, told()]).toEqual([
    true,
    1,
    ['No word from the group for a session timeout: nothing is handed out until it answers'],
  ]);
  member.confirmedAtMs = Date.now();
  await vi.advanceTimersByTimeAsync(500);
  expect([host.inDoubt, told().length, told().at(-1)]).toEqual([false, 2, 'The group answers again']);
  await host.stop();
});

test('members of the group that read other topics: told once for as long as they do, counted, and a reason meanwhile', async () => {
  const { host, assign, assignBeside, metrics, lines } = setUp();
  const told = () => lines.filter(({ message }) => message.startsWith('The group is shared')).length;
  assign(3);
  expect([host.sharing, metrics.sharings, told()]).toEqual(['', 0, 0]);
  assignBeside('a', 'b');
  assignBeside('a', 'b');
  expect(host.sharing).toMatch(/^members of '.+' read a, b$/);
  expect([metrics.sharings, told()]).toEqual([2, 1]);
  assignBeside('a');
  expect(told()).toBe(2);
  assign(3);
  expect(host.sharing).toBe('');
  assignBeside('a');
  expect([metrics.sharings, told()]).toEqual([4, 3]);
  await host.stop();
});
