import { expect } from 'vitest';
import { headerOf, type LoggedHeaders, type LoggedRecord } from '../support/ledger/log.ts';
import type { OutcomeCase } from './outcome-cases.ts';
import { inputOf, type Observed, type SourceRecord, type Work, type Written } from './work.ts';

/** Asserts that a case of the outcome table came to what the table says, and no other record's bytes with it. */
export function expectOutcome(one: OutcomeCase, work: Work, observed: Observed): void {
  const partitions = Map.groupBy(work.records, ({ partition }) => partition);
  const causeOf = (written: Written): SourceRecord => {
    const { partition, offset } = inputOf(written);
    const cause = partitions.get(partition)?.[offset];
    if (!cause) throw new Error(`nothing stands at ${partition}/${offset}`);
    return cause;
  };
  const ofCase = (list: readonly Written[]): Written[] =>
    list.filter((written) => causeOf(written).headers.case === one.name);
  const outputs = ofCase(observed.outputs);
  const letters = ofCase(observed.deadLetters);

  expect(outputs.map(({ value }) => value)).toEqual(one.outputs ?? []);
  for (const output of outputs) {
    expect(output.key).toBe((one.outputKey ?? causeOf(output).key)?.toString('latin1') ?? null);
    expect(without(output.headers, /^source$/)).toEqual(one.outputHeaders ?? {});
  }
  expect(letters.map(causeText)).toEqual(
    (one.dead ?? []).map((due) => (typeof due === 'string' ? due : expect.stringMatching(due))),
  );
  for (const letter of letters) {
    const cause = causeOf(letter);
    expect(letter.value).toBe(cause.value?.toString('latin1') ?? null);
    expect(letter.key).toBe(cause.key?.toString('latin1') ?? null);
    expect(without(letter.headers, /^error\./)).toEqual(without(inLatin1(cause.headers), /^error\./));
    expect(letter.headers).toMatchObject({
      'error.function': work.functionName,
      'error.topic': 'in',
      'error.timestamp': "the input's",
    });
    expect(Buffer.byteLength(text(letter, 'error.message'), 'latin1')).toBeLessThanOrEqual(1_024);
  }
}

function causeText(letter: Written): string {
  return `${text(letter, 'error.code')} after ${text(letter, 'error.attempts')}: ${text(letter, 'error.message')}`;
}

function text({ headers }: Written, name: string): string {
  return headerOf({ headers } as LoggedRecord, name) ?? '';
}

function inLatin1(headers: SourceRecord['headers']): LoggedHeaders {
  const entries = Object.entries(headers).map(([name, value]): [string, string | string[]] => [
    name,
    Array.isArray(value) ? value.map(latin1) : latin1(value),
  ]);
  return Object.fromEntries(entries);
}

function latin1(value: Buffer | string): string {
  return Buffer.from(value as string).toString('latin1');
}

function without(headers: LoggedHeaders, drop: RegExp): LoggedHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !drop.test(name)));
}
