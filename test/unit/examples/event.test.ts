import { expect, test } from 'vitest';
import { createFunctionHost } from '../../../functions/hosts/lambda/host.ts';
import { createEvent, createInvocation } from '../../../functions/hosts/lambda/testing.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createRecord, silentLogger } from '../../../functions/runtime/testing.ts';
import { memoryKafka } from './memory-kafka.ts';
import { spreads } from './spreads.ts';

test('an event is answered with what must be delivered again: nothing', async () => {
  const { kafka, stored } = memoryKafka();
  const settings = readSettings({ KAFKA_BOOTSTRAP_SERVERS: 'none:1' });
  const handler = createFunctionHost(spreads, settings, { kafka, log: silentLogger, env: {} });
  const event = createEvent([createRecord({ topic: 'quotes', key: 'A', value: '{"bid":10,"ask":12}' })]);
  expect(await handler(event, createInvocation())).toEqual({ batchItemFailures: [] });
  expect(stored).toEqual(['spreads/0 A: {"spread":2}']);
});
