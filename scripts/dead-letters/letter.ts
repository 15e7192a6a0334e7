import { WireError } from '../../functions/kafka/wire/wire-error.ts';
import { orderHeader, turnIn } from '../../functions/runtime/parking.ts';
import { deadLetterFrom } from '../repro/dead-letter.ts';
import { CommandError } from '../support/command.ts';
import type { RawRecord } from '../support/kafka/raw-records.ts';
import { type Cause, causeOf, foreignCode } from './causes.ts';
import { envelopeHeaders, type RawBody, readBody, redriveCount } from './raw-headers.ts';

/** The record that died. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Its own, milliseconds since the epoch: another record at the same offset of a topic made anew has another. */
  readonly timestamp: number;
}

/** What is kept of a record in a dead-letter topic while all of it is looked through: not its value. */
export interface Letter {
  readonly partition: number;
  readonly offset: number;
  /** When it was written there, milliseconds since the epoch. */
  readonly diedAtMs: number;
  readonly bytes: number;
  readonly cause: Cause;
  /** undefined: no dead letter of this runtime. */
  readonly source: Source | undefined;
  readonly redrives: number;
  readonly hasKey: boolean;
  /** Whether its key is the one that was asked for. */
  readonly isOfKey: boolean;
  /** Where keys are parked: which key of which function it is, and where its record stood first. */
  readonly keyed?: { readonly key: string; readonly offset: number };
}

/** What an envelope says. */
export interface Envelope {
  readonly code: string;
  readonly functionName: string;
  readonly message: string;
  readonly attempts: number;
  readonly source: Source;
}

/** Where a dead letter lies in its topic. */
export function placeOf({ partition, offset }: Pick<Letter, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`;
}

/** The record that died, as its outputs name it. */
export function sourceText({ topic, partition, offset }: Source): string {
  return `${topic}/${partition}/${offset}`;
}

/** Reads dead letters. Causes are few, and shared: a topic may hold millions. */
export function createLetterReader(
  key: Buffer | undefined,
  parks = false,
): (partition: number, record: RawRecord) => Letter {
  const causes = new Map<string, Cause>();
  function shared(cause: Cause): Cause {
    const known = causes.get(cause.id);
    if (known === undefined) causes.set(cause.id, cause);
    return known ?? cause;
  }
  return (partition, { offset, timestamp, body }) => {
    const common = { partition, offset, diedAtMs: timestamp, bytes: body.length };
    const parts = bodyOf(body);
    const envelope = parts instanceof Error ? parts : envelopeOf(partition, offset, parts);
    const found =
      envelope instanceof Error
        ? { cause: shared(causeOf(foreignCode, '-', envelope.message)), source: undefined }
        : { cause: shared(causeOf(envelope.code, envelope.functionName, envelope.message)), source: envelope.source };
    if (parts instanceof Error) return { ...common, ...found, redrives: 0, hasKey: false, isOfKey: false };
    const own = parts.key;
    const { source } = found;
    const keyed =
      !parks || own === null || source === undefined || envelope instanceof Error
        ? {}
        : {
            keyed: {
              key: keyOf(envelope.source, envelope.functionName, own),
              offset: firstOffset(parts, source.offset, envelope.functionName),
            },
          };
    const isOfKey = key !== undefined && own?.equals(key) === true;
    return { ...common, ...found, redrives: redriveCount(parts.headers), hasKey: own !== null, isOfKey, ...keyed };
  };
}

/** Names a key of a function in a partition; the key itself has one byte a character. */
export function keyOf(
  { topic, partition }: Pick<Source, 'topic' | 'partition'>,
  functionName: string,
  key: Buffer,
): string {
  return `${topic}/${partition}/${functionName}/${key.toString('latin1')}`;
}

/** Where the record stood first, if it was redriven. */
function firstOffset({ headers }: RawBody, offset: number, functionName: string): number {
  const found = headers.filter(({ name }) => name === orderHeader);
  // As the function reads it: of several, none.
  return turnIn(found.length === 1 ? found[0]?.value : undefined, offset, functionName).offset;
}

/** The envelope of a dead letter; an error that says why it is none. */
export function envelopeOf(partition: number, offset: number, { headers }: RawBody): Envelope | Error {
  const named: Record<string, Buffer | (Buffer | null)[] | null> = {};
  for (const { name, value } of headers) {
    if (!envelopeHeaders.has(name)) continue;
    named[name] = Object.hasOwn(named, name) ? [value] : value;
  }
  try {
    const stored = { topic: '', partition, offset, timestamp: 0, key: null, value: null, headers: named };
    const { code, functionName, message, attempts, record } = deadLetterFrom(stored);
    const { topic, timestamp } = record;
    return {
      ...{ code, functionName, message, attempts },
      source: { topic, partition: record.partition, offset: record.offset, timestamp },
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return new Error(error.message.replace(/^.*?: /, ''));
  }
}

function bodyOf(body: Buffer): RawBody | Error {
  try {
    return readBody(body);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}
