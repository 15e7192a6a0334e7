import type { DeadLetter } from './dead-letter.ts';
import { commentText } from './inert.ts';
import type { Replay } from './replay.ts';

/** What was written, and whether the record dies here as it did there. */
export function writtenText(letter: DeadLetter, path: string, { reproduced, outcome }: Replay): string {
  const { at, record, functionName, code, message, attempts } = letter;
  const here = reproduced
    ? 'The code as it is here does the same: the test passes, until that is mended.'
    : `Not so with the code as it is here: ${commentText(outcome)}. The test is red. Was it mended since, or are settings or resources others?`;
  return [
    `dead letter  ${at.topic}/${at.partition}/${at.offset}, of ${record.topic}/${record.partition}/${record.offset}`,
    `function     ${functionName}, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
    // A header is untrusted: a terminal must not obey it.
    `error        ${code}: ${commentText(message)}`,
    `written      ${path}`,
    '',
    here,
    `Run it: npx vitest run --project unit ${path}`,
    '',
  ].join('\n');
}

/** The same for a program. */
export function writtenJson(letter: DeadLetter, path: string, replayed: Replay): string {
  const { at, record, functionName, code, message, attempts } = letter;
  const source = { topic: record.topic, partition: record.partition, offset: record.offset };
  return `${JSON.stringify({ deadLetter: at, source, function: functionName, code, message, attempts, file: path, ...replayed }, null, 2)}\n`;
}
