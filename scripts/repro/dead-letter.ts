import type { RecordHeaders } from '../../functions/runtime/contract.ts';
import { kafkaName } from '../../functions/runtime/setting-kinds.ts';
import { CommandError } from '../support/command.ts';
import type { StoredRecord } from './read.ts';

/** A dead letter taken apart: the record that died, as it was, and what its envelope says. */
export interface DeadLetter {
  /** Where the dead letter itself lies. */
  readonly at: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly functionName: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly record: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly timestamp: number;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: RecordHeaders;
  };
}

const codes = [
  ...['DECODE_FAILED', 'CONTRACT_VIOLATED', 'OUTPUT_TOO_LARGE', 'HANDLER_FAILED', 'RETRIES_EXHAUSTED', 'KEY_PARKED'],
];
const whole = (text: string): boolean => /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text));

/** The headers of the envelope, and what each takes. */
const envelope: Readonly<Record<string, (text: string) => boolean>> = {
  'error.code': (text) => codes.includes(text),
  'error.message': () => true,
  'error.function': (text) => /^[a-z][a-z0-9-]{0,63}$/.test(text),
  'error.attempts': whole,
  'error.topic': (text) => kafkaName.parse(text) !== undefined,
  'error.partition': whole,
  'error.offset': whole,
  'error.timestamp': (text) => /^-?\d{1,16}$/.test(text),
};

/**
 * Takes a record of a dead-letter topic apart.
 * @throws CommandError that names every header which is missing or is not what the runtime writes
 */
export function deadLetterFrom(stored: StoredRecord): DeadLetter {
  const { topic, partition, offset, key, value, headers } = stored;
  const texts: Record<string, string> = {};
  const problems = Object.entries(envelope).flatMap(([name, accepts]) => {
    const bytes = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (!Buffer.isBuffer(bytes)) return [`${name} is ${bytes === undefined ? 'missing' : 'not there once'}`];
    const text = bytes.toString();
    texts[name] = text;
    return accepts(text) ? [] : [`${name} is ${JSON.stringify(text.slice(0, 80))}`];
  });
  if (problems.length > 0) {
    const list = problems.join('; ');
    throw new CommandError(`${topic}/${partition}/${offset} is no dead letter of this runtime: ${list}`);
  }
  const text = (name: string): string => texts[`error.${name}`] ?? '';
  return {
    at: { topic, partition, offset },
    functionName: text('function'),
    code: text('code'),
    message: text('message'),
    attempts: Number(text('attempts')),
    record: {
      topic: text('topic'),
      partition: Number(text('partition')),
      offset: Number(text('offset')),
      timestamp: Number(text('timestamp')),
      key,
      value,
      headers: ownHeaders(headers),
    },
  };
}

/** Those that the record came with. */
function ownHeaders(headers: StoredRecord['headers']): RecordHeaders {
  const own = Object.entries(headers).filter(([name, value]) => !Object.hasOwn(envelope, name) && value !== undefined);
  return Object.fromEntries(own) as RecordHeaders; // without the undefined ones
}
