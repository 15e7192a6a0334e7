import { expect, test } from 'vitest';
import { stateKey } from '../../../functions/runtime/parking-state.ts';
import { parkedOf, topics } from '../../../infra/topics.ts';
import { createLetterReader } from '../../../scripts/dead-letters/letter.ts';
import { parkedKeysOf, parkedNotesOf, withWholeKeys } from '../../../scripts/dead-letters/parked.ts';
import { redrivenBody } from '../../../scripts/dead-letters/raw-headers.ts';
import { CommandError } from '../../../scripts/support/command.ts';
import { bodyOf, envelopeOf } from '../../support/raw-body.ts';
import { letter } from './letters.ts';

test('what was chosen brings all others of its keys along', () => {
  const all = Array.from({ length: 20 }, (_, offset) =>
    letter({ offset, keyed: { key: offset % 2 === 0 ? 'even' : 'odd', offset } }),
  );
  const whole = withWholeKeys(all.slice(4, 5), all).toSorted((left, right) => left.offset - right.offset);
  expect(whole).toEqual(all.filter(({ offset }) => offset % 2 === 0));
});

test('a record that died again stands where it stood first, if it was this function that it was redriven for', () => {
  const read = createLetterReader(undefined, true);
  const firstOf = (order: string): number | undefined => {
    const dead = bodyOf(Buffer.from('a'), null, envelopeOf({ topic: 'in', partition: 0, offset: 9, timestamp: 5 }));
    const again = bodyOf(Buffer.from('a'), null, [
      ['redrive.order', order],
      ...envelopeOf({ topic: 'in', partition: 0, offset: 9, timestamp: 5 }),
    ]);
    // The header of a redrive before gives way to that of this one.
    expect(redrivenBody(again, 'x/1/-1')).toEqual(redrivenBody(dead, 'x/1/-1'));
    return read(0, { offset: 1, timestamp: 6, key: Buffer.from('a'), body: again }).keyed?.offset;
  };
  const name = read(0, {
    ...{ offset: 1, timestamp: 6, key: Buffer.from('a') },
    body: bodyOf(Buffer.from('a'), null, envelopeOf({ topic: 'in', partition: 0, offset: 9, timestamp: 5 })),
  }).cause.functionName;
  expect(firstOf(`${name}/4/2`)).toBe(4);
  expect(firstOf(`another-${name}/4/2`)).toBe(9);
  expect(firstOf('4/2')).toBe(9);
});

test('a note that cannot be read ends the command, and is named', () => {
  const key = stateKey('in', 'f', 'one', 'a');
  const bad = { partition: 3, key, value: Buffer.from('{"handled":') };
  expect(() => parkedKeysOf(parkedNotesOf([bad]))).toThrow(CommandError);
  expect(() => parkedKeysOf(parkedNotesOf([bad]))).toThrow('partition 3 has no readable note under key "in/f/one/a"');
  expect(parkedKeysOf(parkedNotesOf([bad, { ...bad, value: null }])).size).toBe(0);
});

test('the topic of parked keys is compacted early, and takes the note of the largest key', () => {
  const { configs } = parkedOf('market.raw.dlq', 60, 'market.raw');
  expect(configs).toMatchObject({
    ...{ 'cleanup.policy': 'compact', 'segment.bytes': '16777216', 'segment.ms': '3600000' },
    'min.cleanable.dirty.ratio': '0.1',
  });
  const deadLetters = topics.find(({ name }) => name === 'market.raw.dlq');
  expect(configs['max.message.bytes']).toBe(deadLetters?.configs['max.message.bytes']);
});
