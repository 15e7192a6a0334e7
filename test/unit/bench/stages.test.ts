import { expect, test } from 'vitest';
import { stageOf, stageShares } from '../../../scripts/bench/stage-of.ts';
import { upkeepOf } from '../../../scripts/bench/upkeep.ts';
import type { CpuProfile } from '../../../scripts/profile/profile-tree.ts';
import { sourceOfLines } from '../../../scripts/profile/source-files.ts';
import { sourcesOf, tidy } from '../../../scripts/support/tidy.ts';

test.each([
  ['functions/processor/fast/read-options.ts', 'decode'],
  ['functions/processor/validate.ts', 'decode'],
  ['functions/processor/fast/put-option.ts', 'encode'],
  ['functions/processor/black-scholes.ts', 'handle'],
  ['functions/kafka/wire/fetched-record.ts', 'fetch'],
  ['functions/kafka/wire/lz4.ts', 'fetch'],
  ['functions/kafka/wire/written-record.ts', 'produce'],
  ['functions/kafka/wire/crc32c.ts', undefined],
  ['functions/hosts/container/commits.ts', 'commit'],
  ['functions/hosts/lambda/event.ts', 'event'],
  ['/app/infra/lambda-runtime/node_modules/aws-lambda-ric/dist/index.mjs', 'event'],
  ['functions/runtime/lane.ts', 'order'],
  ['functions/runtime/log.ts', undefined],
  ['node_modules/kafkajs/src/network/connection.js', 'connections'],
  ['node:internal/stream_base_commons', 'connections'],
  ['node:internal/timers', undefined],
])('%s is part of %s', (file, stage) => {
  expect(stageOf(file)).toBe(stage);
});

test('what is native or serves several stages counts as its caller, and only the span counts', () => {
  const files = ['functions/kafka/wire/produce.ts', 'functions/kafka/wire/crc32c.ts', 'functions/runtime/lane.ts'];
  const node = (id: number, functionName: string, url: string, lineNumber: number, ...children: number[]) => {
    return { id, callFrame: { functionName, url, lineNumber }, children };
  };
  const profile: CpuProfile = {
    startTime: 1_000,
    nodes: [
      node(1, '(root)', '', -1, 2, 5, 6, 7),
      node(2, 'encodeProduceRequest', 'file:///functions.mjs', 0, 3),
      node(3, 'checksum', 'file:///functions.mjs', 1, 4),
      node(4, 'copy', '', -1),
      node(5, '(idle)', '', -1),
      node(6, '(garbage collector)', '', -1),
      node(7, 'run', 'file:///functions.mjs', 2, 8),
      node(8, 'now', '', -1),
    ],
    samples: [2, 4, 5, 6, 8, 7],
    timeDeltas: [100, 20, 500, 10, 10, 70],
  };
  const shares = stageShares(profile, { fromUs: 1_110, toUs: 1_650 }, sourceOfLines('functions.mjs', files));
  expect(shares).toMatchObject({ produce: 0.5, collection: 0.25, order: 0.25, rest: 0, fetch: 0 });
});

test('what lies between the looks stands for the whole of the span', () => {
  const look = (atUs: number, all: number) => {
    return { atUs, cpuUs: 10 * all, allocatedBytes: 1_000 * all, gcUs: all, readBytes: 5 * all, writtenBytes: 7 * all };
  };
  // The looks of the span saw half of its 800 us.
  const looks = [look(0, 0), look(10, 20), look(20, 60), look(30, 90)];
  const upkeep = upkeepOf(looks, { fromUs: 5, toUs: 25 }, 100, 800, 125);
  expect(upkeep).toEqual({ cpuUs: 8, allocatedBytes: 800, collectionShare: 0.1, readBytes: 3.6, writtenBytes: 5.04 });
  expect(() => upkeepOf([look(10, 20)], { fromUs: 5, toUs: 25 }, 100, 800, 125)).toThrow('give more --records');
});

test('each line of a tidied bundle has its file', async () => {
  const text =
    'var a = 1;\n// functions/a.ts\nfunction one() {\n  return a;\n}\n// functions/b.ts\nfunction two() {\n  return one();\n}\n';
  const files = sourcesOf(text);
  const lines = (await tidy(text)).split('\n');
  expect(lines).toHaveLength(files.length);
  expect(files[lines.indexOf('function one() {')]).toBe('functions/a.ts');
  expect(files[lines.indexOf('function two() {')]).toBe('functions/b.ts');
});

test('a bundle keeps no line of a comment, but the text of a template that looks like one', async () => {
  const text = 'class A {\n  /** Why. */\n  b() {\n    // how\n    return `\n  // text\n`;\n  }\n}\nnew A();\n';
  expect(await tidy(text)).toBe('class A {\n\n\tb() {\n\n\t\treturn `\n  // text\n`;\n\t}\n}\nnew A();\n');
});
