import { beforeEach, expect, test } from 'vitest';
import { partitionHash } from '../../../../scripts/feed/partition.ts';
import type { Checkpoint } from '../../../../scripts/topics/migrate/checkpoint.ts';
import { type Copy, openCopy } from '../../../../scripts/topics/migrate/copy.ts';
import { createFakeBroker, type FakeBroker } from './fake-broker.ts';

const split = { old: 2, new: 6 };
const perKey = 20;
const keys = Array.from({ length: 12 }, (_, key) => String(key));
let broker: FakeBroker;

beforeEach(() => {
  broker = createFakeBroker();
  for (let turn = 0; turn < perKey; turn += 1) {
    for (const key of keys) broker.append('old', partitionHash(Buffer.from(key)) % split.old, key, `${key}.${turn}`);
    for (const partition of [0, 1]) broker.append('old', partition, null, `none.${turn}`);
  }
});

const nothing = (next = 0): Checkpoint => ({ next, copied: new Map() });
const start = () =>
  new Map([
    [0, nothing()],
    [1, nothing()],
  ]);
const ends = () => new Map([0, 1].map((partition) => [partition, broker.recordsOf('old', partition).length]));

function open(checkpoints: ReadonlyMap<number, Checkpoint>): Promise<Copy> {
  const [old, moved] = [broker.topic('old', split.old), broker.topic('new', split.new)];
  const { nodes } = broker;
  return openCopy({ old, new: moved, readers: nodes, writers: nodes, keepsTimestamps: true, settleMs: 0 }, checkpoints);
}

async function finish(copy: Copy): Promise<number> {
  let written = 0;
  while (copy.behind(ends()) > 0) written += await copy.round(0);
  copy.checkNothingAhead();
  return written;
}

/** Every record is in the new topic once, with its timestamp, in the order of the old partition. */
function expectWhole(): void {
  for (let partition = 0; partition < split.new; partition += 1) {
    const content = ({ body, timestamp }: { body: Buffer; timestamp: number }) =>
      `${timestamp} ${body.toString('latin1')}`;
    const due = broker
      .recordsOf('old', partition % split.old)
      .filter(
        ({ key, offset }) =>
          (key ? partitionHash(key) % split.new : (partition % split.old) + 2 * (offset % 3)) === partition,
      );
    expect(broker.recordsOf('new', partition).map(content)).toEqual(due.map(content));
  }
}

test('everything is copied once, in order', async () => {
  const copy = await open(start());
  expect(await finish(copy)).toBe(perKey * (keys.length + 2));
  expectWhole();
  expect([0, 1, 2, 3, 4, 5].map((partition) => copy.copied(partition))).toEqual(
    [0, 1, 2, 3, 4, 5].map((partition) => broker.recordsOf('new', partition).length),
  );
});

test('interrupted after any round, with or without a checkpoint: what is there is compared, and not written twice', async () => {
  let kept = start();
  let copy = await open(kept);
  for (let rounds = 1; copy.behind(ends()) > 0; rounds += 1) {
    await copy.round(0, 6);
    if (rounds % 3 === 0) kept = copy.checkpoints();
    if (rounds % 2 === 0) copy = await open(kept);
  }
  copy.checkNothingAhead();
  expectWhole();
});

test('a write whose answer is lost is found when the copy is taken up', async () => {
  const first = await open(start());
  await first.round(0);
  const kept = first.checkpoints();
  broker.failNextWrite = true;
  await expect(first.round(0)).rejects.toThrow('lost');
  const again = await open(kept);
  expect(again.resumed).toBeGreaterThan(0);
  await finish(again);
  expectWhole();
});

test('somebody else in the new topic is found: while it is copied, when it is taken up, and at the end', async () => {
  const copy = await open(start());
  await copy.round(0);
  const kept = copy.checkpoints();
  broker.append('new', 0, 'x', 'alien');
  await expect(finish(copy)).rejects.toThrow(
    /somebody else writes to new\/0: a copy was due at offset \d+ and landed at/,
  );
  await expect(open(kept).then(finish)).rejects.toThrow(/new\/0\/\d+ is no copy of old\/0\/\d+: somebody else wrote/);

  broker = createFakeBroker();
  broker.append('old', 0, null, 'a');
  const whole = await open(start());
  await finish(whole);
  const end = whole.checkpoints();
  broker.append('new', 5, 'x', 'alien');
  const late = await open(end);
  expect(() => late.checkNothingAhead()).toThrow('new/5/0 is no copy of a record of old');

  // Of the same time as the record that is due there.
  broker = createFakeBroker();
  broker.append('old', 0, null, 'a');
  broker.append('new', 0, null, 'b');
  await expect(open(start()).then(finish)).rejects.toThrow('new/0/0 is no copy of old/0/0');
});

test('a key that its producers place in another way is refused, and a topic that was made anew', async () => {
  const copy = await open(start());
  await finish(copy);
  const [key = ''] = keys.filter((one) => partitionHash(Buffer.from(one)) % split.old === 1);
  broker.append('old', 0, key, 'elsewhere');
  await expect(copy.round(0)).rejects.toThrow(`has the key "${key}", which`);
  const other = createFakeBroker();
  other.append('old', 0, null, 'a');
  broker = other;
  await expect(open(copy.checkpoints())).rejects.toThrow('it was made anew');
});
