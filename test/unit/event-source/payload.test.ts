import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { readEvent } from '../../../functions/hosts/lambda/event.ts';
import { eventOf, queuedRecord } from '../../../scripts/event-source/payload.ts';

const message = (fields: Partial<KafkaMessage>): KafkaMessage =>
  ({ key: null, value: null, offset: '7', timestamp: '1000', headers: {}, attributes: 0, ...fields }) as KafkaMessage;

test('a record stands in an event as the service puts it there', () => {
  const headers = { h: Buffer.from([0xff, 1]), twice: [Buffer.from('a'), Buffer.from('b')], none: null as never };
  const full = queuedRecord('t', 3, message({ key: Buffer.from('k'), value: Buffer.from([0xfe]), headers }));
  const tombstone = queuedRecord('t', 4, message({ offset: '8' }));
  const frame = { kind: 'aws:kafka', bootstrapServers: ['a:1', 'b:2'] } as const;

  expect(JSON.parse(eventOf([full, tombstone], frame))).toEqual({
    eventSource: 'aws:kafka',
    eventSourceArn: expect.stringMatching(/^arn:aws:kafka:/),
    bootstrapServers: 'a:1,b:2',
    records: {
      't-3': [
        {
          ...{ topic: 't', partition: 3, offset: 7, timestamp: 1000, timestampType: 'CREATE_TIME' },
          ...{ key: 'aw==', value: '/g==' },
          headers: [{ h: [-1, 1] }, { twice: [97] }, { twice: [98] }, { none: {} }],
        },
      ],
      't-4': [{ topic: 't', partition: 4, offset: 8, timestamp: 1000, timestampType: 'CREATE_TIME', headers: [] }],
    },
  });
  expect(JSON.parse(eventOf([full], { ...frame, kind: 'SelfManagedKafka' }))).not.toHaveProperty('eventSourceArn');
});

test('the function host reads it back', () => {
  const one = queuedRecord(
    't',
    0,
    message({ key: Buffer.from([0, 255]), value: Buffer.from('v'), headers: { n: null as never } }),
  );
  const event = JSON.parse(eventOf([one], { kind: 'aws:kafka', bootstrapServers: ['a:1'] }));
  expect(readEvent(event, 't')[0]?.records[0]).toMatchObject({
    ...{ offset: 7, key: Buffer.from([0, 255]), value: Buffer.from('v'), headers: { n: null } },
  });
});

test('a size is never below what the record takes in an event', () => {
  const records = Array.from({ length: 50 }, (_, index) =>
    queuedRecord('topic', 0, message({ offset: String(index), value: Buffer.alloc(index * 100, 'é') })),
  );
  const event = eventOf(records, { kind: 'aws:kafka', bootstrapServers: ['a:1'] });
  const sum = records.reduce((total, { bytes }) => total + bytes, 0);
  expect(sum + 2_048).toBeGreaterThanOrEqual(Buffer.byteLength(event));
});
