import { table } from '../support/table.ts';
import { clipped, count, printable, some, span } from '../support/words.ts';
import { foreignCode, groupByCause } from './causes.ts';
import { type Letter, placeOf } from './letter.ts';
import type { Look } from './look.ts';
import { type Fate, newPlaceOf, type Outcome } from './outcomes.ts';
import { discardLines, parkedLines } from './parked-text.ts';
import type { RedrivePlan } from './plan.ts';
import { stateOf } from './select.ts';
import type { Standing } from './standing.ts';

const mostRows = 20;

/** Lines that come to a terminal: whatever is in them, they are lines. */
export function lines(all: readonly string[]): string {
  return `${all.map(printable).join('\n')}\n`;
}

export function isoTime(ms: number): string {
  return ms > 8.64e15 || ms < 0 ? '-' : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What waits and what was done, and the chosen ones by cause. */
export function listText(
  look: Look,
  chosen: readonly Letter[],
  filtered: boolean,
  standings: ReadonlyMap<string, Standing>,
): string {
  const by = (state: string): Letter[] => look.letters.filter((letter) => stateOf(letter, look.journal) === state);
  const waiting = by('waiting');
  const foreign = waiting.filter(({ cause }) => cause.code === foreignCode).length;
  const head = [
    `${count(waiting.length, 'dead letter')} ${waiting.length === 1 ? 'waits' : 'wait'}`,
    `${by('redriven').length} redriven`,
    `${by('discarded').length} discarded`,
  ].join(', ');
  const redriven = new Set(chosen.filter((letter) => stateOf(letter, look.journal) === 'redriven').map(placeOf));
  return lines([
    `${look.topic.name}: ${head}`,
    ...(foreign > 0 ? [`${foreign} of them are no dead letters of this runtime: they are never redriven.`] : []),
    ...parkedLines(look.topic.name, standings),
    ...(filtered ? [`${count(chosen.length, 'record')} fit what was asked for:`] : []),
    ...causeTable(chosen),
    ...(redriven.size > 0
      ? outcomeLines(look.outcomes.filter(({ note }) => redriven.has(note.place)))
      : outcomeLines(look.outcomes).slice(0, 1)),
  ]);
}

/** A line for the numbers of a cause, and one for what the records died of. */
function causeTable(letters: readonly Letter[]): string[] {
  const groups = groupByCause(letters);
  if (groups.length === 0) return [];
  const rows = groups.map(({ cause, records, firstAtMs, lastAtMs, example }) => [
    ...[cause.id, String(records), cause.code, cause.functionName, isoTime(firstAtMs), isoTime(lastAtMs)],
    placeOf(example),
  ]);
  const [head = '', ...numbers] = table([
    ['cause', 'records', 'code', 'function', 'first', 'last', 'example'],
    ...rows,
  ]);
  return [
    head,
    ...numbers.flatMap((line, index) => [line, `    ${clipped(printable(groups[index]?.cause.shape ?? ''), 150)}`]),
  ];
}

const fates: readonly Fate[] = ['handled', 'dead again', 'not yet', 'unknown'];

/** How many met which fate, and those of whom there is something to tell. */
export function outcomeLines(outcomes: readonly Outcome[]): string[] {
  if (outcomes.length === 0) return [];
  const counts = fates
    .map((fate) => ({ fate, number: outcomes.filter((one) => one.fate === fate).length }))
    .filter(({ number }) => number > 0)
    .map(({ fate, number }) => `${number} ${fate}`);
  const telling = outcomes.filter(({ fate }) => fate !== 'handled');
  const rows = telling.slice(-mostRows).map(({ note, fate, letter }) => {
    const { topic, partition, offset } = newPlaceOf(note);
    const as = letter === undefined ? '' : `${placeOf(letter)} ${letter.cause.code}`;
    return [note.place, `${topic}/${partition}/${offset}`, isoTime(note.atMs), fate, as];
  });
  return [
    `Of ${count(outcomes.length, 'redriven record')}: ${counts.join(', ')}.`,
    ...(rows.length > 0 ? table([['dead letter', 'redriven to', 'at', 'since then', 'as'], ...rows]) : []),
    ...(telling.length > mostRows ? [`  and ${telling.length - mostRows} before: --json has all`] : []),
  ];
}

/** What a redrive would do. */
export function planText(
  deadLetters: string,
  { letters, skipped, targets, again }: RedrivePlan,
  rate: number,
  readers: ReadonlyMap<string, readonly string[]>,
): string {
  const rows = targets.map(({ topic, records, partitions }) => [topic, String(records), String(partitions)]);
  const takes = span((letters.length / rate) * 1_000);
  return lines([
    `${count(letters.length, 'dead letter')} of ${deadLetters} would go back${letters.length > 0 ? `, at ${rate} a second at most (${takes})` : ''}.`,
    ...(rows.length > 0 ? table([['to', 'records', 'partitions'], ...rows]) : []),
    ...causeLines(letters),
    ...[...readers]
      .filter(([, groups]) => groups.length > 1)
      .map(([topic, groups]) => `All groups that read ${topic} get them: ${some(groups)}.`),
    ...(again > 0 ? [`${again} of them were redriven before and died again.`] : []),
    ...skippedLines(skipped),
  ]);
}

function causeLines(letters: readonly Letter[]): string[] {
  return groupByCause(letters)
    .slice(0, mostRows)
    .map(({ cause, records }) => `  ${records} x ${cause.code} in ${cause.functionName} (${cause.id})`);
}

/** What is left alone, by reason. */
function skippedLines(skipped: RedrivePlan['skipped']): string[] {
  const shown = [...Map.groupBy(skipped, ({ reason }) => reason)].slice(0, mostRows);
  return shown.map(
    ([reason, list]) => `Not ${some(list.map(({ place }) => place))}: ${clipped(printable(reason), 200)}.`,
  );
}

/** What a discard would do. */
export function discardText(
  deadLetters: string,
  letters: readonly Letter[],
  standings: ReadonlyMap<string, Standing>,
): string {
  return lines([
    `${count(letters.length, 'dead letter')} of ${deadLetters} would be discarded.`,
    ...causeLines(letters),
    ...discardLines(deadLetters, standings, letters),
  ]);
}
