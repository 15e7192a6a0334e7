import type { Fault } from '../support/mutants.ts';
import { container } from './hosts/container.ts';
import { functionHost } from './hosts/function.ts';
import { inline } from './hosts/inline.ts';
import type { Host, Trouble } from './work.ts';

/** A row of the outcome table, broken on purpose in one host by a bundle with a bug. */
export interface Mutant extends Fault {
  readonly row: string;
  readonly host: Host;
  /** Cases of the table that are run, and must fail, all but those of `told`. */
  readonly cases?: readonly string[];
  /** In place of cases: the work that is run. */
  readonly trouble?: Trouble;
  /** What must be said of the work as a whole. */
  readonly told?: RegExp;
  /** Part of `npm test`; the others are in `npm run test:long`. */
  readonly short?: true;
}

/** At least one for each row. */
export const mutants: readonly Mutant[] = [
  {
    row: 'handled: all outputs',
    host: functionHost,
    file: 'functions/runtime/delivery.ts',
    find: 'for (const { record, bytes } of sized) publishOne(',
    replace: 'for (const { record, bytes } of sized.slice(0, 1)) publishOne(',
    cases: ['several'],
  },
  {
    row: 'handled, no output: counted as filtered',
    host: container,
    file: 'functions/runtime/lane.ts',
    find: 'else if (delivery.outputs === 0) metrics.recordsFiltered += 1;',
    replace: 'else if (delivery.outputs === 0) metrics.recordsFiltered += 0;',
    cases: ['filter', 'filter by null', 'several'],
    told: /^0 records are counted as filtered, of 2 /,
    short: true,
  },
  {
    row: 'output too large',
    host: inline,
    file: 'functions/runtime/delivery.ts',
    find: 'if (bytes <= publisher.maxRecordBytes) return bytes;',
    replace: 'if (bytes > 0) return bytes;',
    cases: ['too large', 'too large at second'],
    short: true,
  },
  {
    row: 'bad input',
    host: container,
    file: 'functions/runtime/outcome.ts',
    find: "  'DECODE_FAILED',\n",
    replace: '',
    cases: ['undecodable'],
  },
  {
    row: 'not retryable: dead at once',
    host: functionHost,
    file: 'functions/runtime/outcome.ts',
    find: "if (!isRetryable(thrown)) return { kind: 'dead-letter'",
    replace: "if (!isRetryable(thrown) && attempts > 1) return { kind: 'dead-letter'",
    cases: ['throw a string', 'throw null', 'reject with a TypeError'],
  },
  {
    row: 'retryable: so often, and no more',
    host: container,
    file: 'functions/runtime/outcome.ts',
    find: 'if (attempts < policy.attempts)',
    replace: 'if (attempts <= policy.attempts)',
    cases: ['retries that never succeed'],
  },
  {
    row: 'retryable: with a wait',
    host: inline,
    file: 'functions/runtime/retry.ts',
    find: 'Math.round(ceiling / 2 + (ceiling / 2) * random)',
    replace: '0',
    cases: ['waits between tries'],
  },
  {
    row: 'a dependency down: never a dead letter (what a handler says)',
    host: functionHost,
    file: 'functions/runtime/outcome.ts',
    find: "if (thrown instanceof DependencyDownError) return { kind: 'dependency-down' };",
    replace: '',
    cases: ['a dependency that is down is waited for'],
  },
  {
    row: 'undone records are delivered again',
    host: functionHost,
    file: 'functions/hosts/lambda/response.ts',
    find: 'if (firstUndone === undefined) continue;',
    replace: 'if (firstUndone !== undefined || firstUndone === undefined) continue;',
    cases: ['a dependency that is down is waited for', 'by all of its partition'],
  },
  {
    row: 'the dead-letter envelope',
    host: container,
    file: 'functions/runtime/dead-letter.ts',
    find: "'error.timestamp': String(timestamp),",
    replace: "'error.timestamp': String(timestamp + 1),",
    cases: ['throw a string', 'bytes of a dead letter'],
  },
  {
    row: 'a dependency down: never a dead letter, waited for (brokers, as the producer sees them)',
    host: container,
    file: 'functions/kafka/outbox.ts',
    find: 'else retry(queue, failure.message, failure.kind);',
    replace: 'else acknowledge(queue);',
    trouble: 'outputs not stored',
    told: /^the group stood at 3,2, not at 1,2/,
  },
  {
    row: 'dead-letter publish fails',
    host: functionHost,
    file: 'functions/kafka/outbox.ts',
    find: 'else retry(queue, failure.message, failure.kind);',
    replace:
      'else if (options.mustDeliver) acknowledge(queue);\n      else retry(queue, failure.message, failure.kind);',
    trouble: 'dead letters not stored',
    told: /^the group stood at 5,2, not at 2,2/,
    short: true,
  },
  {
    row: 'deadline',
    host: functionHost,
    file: 'functions/runtime/dispatch.ts',
    find: 'firstUndone: records.find((record) => record.offset >= position)?.offset }',
    replace: 'firstUndone: lane?.ended ? records.find(({ offset }) => offset >= position)?.offset : undefined }',
    trouble: 'deadline',
    told: /^partition 0 came to before$/,
  },
  {
    row: 'shutdown',
    host: container,
    file: 'functions/hosts/container/commits.ts',
    find: 'move.to : lane.position;',
    replace: 'move.to : lane.firstUndone === undefined ? lane.position : lane.firstUndone + 1;',
    trouble: 'deadline',
    told: /^partition 0 came to before, behind$/,
  },
  {
    row: 'partition revoked',
    host: container,
    file: 'functions/hosts/container/host.ts',
    find: 'if (lanes.size === 0) return;\n    const startedMs',
    replace: 'if (lanes.size >= 0) return clear();\n    const startedMs',
    trouble: 'partitions revoked',
    told: /: twice: .* first/,
    short: true,
  },
  {
    row: 'partition lost',
    host: container,
    file: 'functions/hosts/container/host.ts',
    find: 'for (const lane of lanes.values()) lane.abort(reason);',
    replace: '',
    trouble: 'partitions lost',
    told: /^partition 0 came to .*too late/,
  },
];
