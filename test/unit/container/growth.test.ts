import { expect, test, vi } from 'vitest';
import { createConsumingHost } from '../../../functions/hosts/container/host.ts';
import type { GroupListener, KafkaPort } from '../../../functions/kafka/port.ts';
import type { FunctionDefinition } from '../../../functions/runtime/contract.ts';
import { createMetrics } from '../../../functions/runtime/metrics.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createManualScheduler, createPublisher, createRecordingLogger } from '../../support/fakes.ts';

test('a partition that its topic had not at the start ends the instance, before anything of it is handled', async () => {
  let listener: GroupListener | undefined;
  const member = {
    start: async () => undefined,
    leave: async () => undefined,
    pause: () => undefined,
    confirmedAtMs: 0,
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
  const settings = readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'a:1' });
  const host = createConsumingHost(definition, settings, kafka, shared, metrics, log, { partitions: 60, outgrown });
  listener?.assigned([0, 59]);
  expect([outgrown.mock.calls.length, host.lanes.size]).toEqual([0, 2]);
  listener?.assigned([0, 60]);
  expect([outgrown.mock.calls.length, host.lanes.size]).toEqual([1, 0]);
  await host.stop();
});
