import { describe, expect, test } from 'vitest';
import { missingParts } from '../../../scripts/support/left-out.ts';

describe('a bundle may not call what is left out of it', () => {
  test.each([
    ['a method', 'await this.offsetManager.setDefaultOffset({ topic });', ['setDefaultOffset']],
    ['a method of what a call gave', 'await consumer().describeGroup();', ['describeGroup']],
    ['an error that is made', 'throw new KafkaJSOffsetOutOfRange(error);', ['KafkaJSOffsetOutOfRange']],
    ['one call more than is known of', 'offsets.seek(at);\nconsumer.seek(at);', ['seek']],
  ])('%s', (_, bundle, missing) => {
    expect(missingParts(bundle)).toEqual(missing);
  });

  test('the calls of that name which are known of, and what ours stands in for, are no reason', () => {
    const bundle =
      'offsets.seek(at);\nGroup.prototype.fetch = async function (id) {};\ngroup.fetch(1);\nthis.fetched(2);';
    expect(missingParts(bundle)).toEqual([]);
  });
});
