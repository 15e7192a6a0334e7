import type { CpuProfile } from '../profile/profile-tree.ts';
import type { SourceOf } from '../profile/source-files.ts';

/** What a record goes through, and what is not its own. */
export const stages = [
  ...(['event', 'fetch', 'decode', 'handle', 'encode', 'order', 'produce', 'commit', 'connections'] as const),
  'collection',
  'rest',
] as const;

export type Stage = (typeof stages)[number];

/** What each is, for a table. */
export const stageMeaning: Readonly<Record<Stage, string>> = {
  event: "Lambda's: its client, events into records",
  fetch: 'responses into records',
  decode: "the function's input into columns",
  handle: 'prices, Greeks, analytics',
  encode: 'columns into the output',
  order: 'lanes, receipts, positions',
  produce: 'record batches and requests',
  commit: 'offsets',
  connections: 'sockets, TLS, requests and their answers',
  collection: 'V8, on the main thread',
  rest: 'group, health, log, V8 and Node by themselves',
};

/** The first that fits is it. */
const patterns: readonly (readonly [RegExp, Stage])[] = [
  [/^functions\/hosts\/lambda\/|\/aws-lambda-ric\/|\/runtime-client\.ts$/, 'event'],
  [/^functions\/processor\/(?:fast\/(?:read-\w+|input|keys)|decode|validate|chain)\.ts$/, 'decode'],
  [/^functions\/market\/(?:json|fields)\.ts$/, 'decode'],
  [/^functions\/processor\/(?:fast\/(?:put-\w+|output)|encode[\w-]*|json-bytes)\.ts$/, 'encode'],
  [/^functions\/processor\//, 'handle'],
  [
    /^functions\/kafka\/wire\/(?:fetch\w*|fetched-[\w-]+|batch-head|inflate|unpacked|lz4|snappy|xxhash32|aborted|message)\.ts$/,
    'fetch',
  ],
  [
    /^functions\/kafka\/kafkajs\/(?:group-fetch|take-response|group-hooks|position|out-of-range|standstill)\.ts$/,
    'fetch',
  ],
  [/^functions\/kafka\/(?:outbox|chunks)\.ts$/, 'produce'],
  [/^functions\/kafka\/kafkajs\/producer\.ts$/, 'produce'],
  [/^functions\/kafka\/wire\/(?:produce|written-record|record-batch)\.ts$/, 'produce'],
  [/^functions\/hosts\/container\/commits\.ts$/, 'commit'],
  [/kafkajs\/src\/protocol\/requests\/offsetCommit\//, 'commit'],
  [/^functions\/runtime\/(?!log|metrics|settings|read-settings)/, 'order'],
  [/^functions\/kafka\/kafkajs\/(?:response-fix|raw-request|tls)\.ts$/, 'connections'],
  [/kafkajs\/src\/network\//, 'connections'],
  [/^node:(?:net|tls|_tls|internal\/stream|internal\/streams|stream)/, 'connections'],
];

/** The stage that a file belongs to; none for what serves several, and counts as whoever calls it. */
export function stageOf(file: string): Stage | undefined {
  return patterns.find(([pattern]) => pattern.test(file))?.[1];
}

/** A span of the clock that the profiler goes by, which is the system's monotonic one. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * The share of each stage in the CPU time of a span. A function counts as the stage of its file; what is native, or serves
 * several stages, as its caller's.
 */
export function stageShares(profile: CpuProfile, { fromUs, toUs }: Span, sourceOf: SourceOf): Record<Stage, number> {
  const stageById = new Map<number, Stage | 'idle'>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const children = new Set(profile.nodes.flatMap((node) => node.children ?? []));

  function visit(id: number, caller: Stage): void {
    const node = nodes.get(id);
    if (node === undefined) return;
    const { functionName } = node.callFrame;
    const own = functionName === '(garbage collector)' ? 'collection' : (stageOf(sourceOf(node.callFrame)) ?? caller);
    stageById.set(id, functionName === '(idle)' ? 'idle' : own);
    for (const child of node.children ?? []) visit(child, own);
  }
  for (const { id } of profile.nodes) if (!children.has(id)) visit(id, 'rest');

  const us = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>;
  let atUs = profile.startTime;
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    const stage = stageById.get(id);
    if (stage === undefined || stage === 'idle' || atUs < fromUs || atUs > toUs) continue;
    us[stage] += Math.max(0, deltaUs);
    total += Math.max(0, deltaUs);
  }
  return Object.fromEntries(stages.map((stage) => [stage, total > 0 ? us[stage] / total : 0])) as Record<Stage, number>;
}
