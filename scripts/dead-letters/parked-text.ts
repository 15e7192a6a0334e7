import { table } from '../support/table.ts';
import { clipped, count, printable, some } from '../support/words.ts';
import { inOneLine } from './bytes-text.ts';
import { type Letter, placeOf } from './letter.ts';
import type { ParkedPlace } from './parked.ts';
import { afterDiscard, type Standing, standingOf } from './standing.ts';

const mostRows = 20;
const defaultTopic = 'market.raw.dlq';

/** A command to run, for this dead-letter topic. */
export function commandOf(topic: string, words: string): string {
  return `npm run dead-letters -- ${words}${topic === defaultTopic ? '' : ` --topic ${topic}`}`;
}

/** A key in a table or a line. */
export function keyText({ name }: Pick<ParkedPlace, 'name'>): string {
  return clipped(inOneLine(Buffer.from(name, 'latin1')), 40);
}

/** A key as `--key` takes it. */
function keyFlag({ name }: ParkedPlace): string {
  return /^[\w.:-]{1,60}$/.test(name) && !name.startsWith('hex:')
    ? `--key ${name}`
    : `--key hex:${Buffer.from(name, 'latin1').toString('hex')}`;
}

/** The keys that are parked now. */
export function parkedLines(topic: string, standings: ReadonlyMap<string, Standing>): string[] {
  const [outdated, current] = [true, false].map((wanted) =>
    [...standings.values()].filter((one) => one.outdated === wanted),
  );
  return [...currentLines(topic, current ?? []), ...outdatedLines(topic, outdated ?? [])];
}

function currentLines(topic: string, standings: readonly Standing[]): string[] {
  if (standings.length === 0) return [];
  const rows = standings
    .slice(0, mostRows)
    .map(({ entry, head, waiting }) => [
      ...[keyText(entry), entry.functionName, `${entry.topic}/${entry.partition}/${entry.poison.at}`],
      ...[entry.poison.code, head === undefined ? '-' : headText(head), String(waiting.length)],
    ]);
  const idle = standings.filter(({ waiting }) => waiting.length === 0).length;
  return [
    `${count(standings.length, 'key')} ${standings.length === 1 ? 'is' : 'are'} parked: what comes of them waits here.`,
    ...table([['key', 'function', 'since', 'code', 'dead letter', 'waiting'], ...rows]),
    ...(standings.length > mostRows ? [`  and ${standings.length - mostRows} more: --json has all`] : []),
    ...(idle < standings.length
      ? ['Mend the cause, then redrive any of a key: all that waits of it goes back, in order.']
      : []),
    ...(idle > 0 ? [`Nothing waits of ${idle} of them: ${commandOf(topic, 'unpark --apply')}`] : []),
  ];
}

function outdatedLines(topic: string, standings: readonly Standing[]): string[] {
  if (standings.length === 0) return [];
  const sources = [...new Set(standings.map(({ entry }) => entry.topic))];
  return [
    `${count(standings.length, 'key')} ${standings.length === 1 ? 'has a note' : 'have notes'} of a topic that is gone, or was deleted and made again (${some(sources)}): records of the`,
    `new one wait, or go on, by offsets of the old. Stop the function, then: ${commandOf(topic, 'unpark --apply')}`,
  ];
}

function headText({ letter, state }: NonNullable<Standing['head']>): string {
  return state === 'waiting' ? placeOf(letter) : `${placeOf(letter)}, ${state}`;
}

/** What `show` says of a dead letter that waits in a parked key. */
export function standingLines(topic: string, standings: ReadonlyMap<string, Standing>, letter: Letter): string[] {
  const standing = standingOf(standings, letter);
  if (standing === undefined) return [];
  const { entry, head, waiting, isHead, outdated } = standing;
  const behind = waiting.filter((one) => placeOf(one) !== placeOf(letter)).map(placeOf);
  const place = `${entry.topic}/${entry.partition}/${entry.poison.at}`;
  const dead = head === undefined ? 'its dead letter is deleted' : `dead letter ${headText(head)}`;
  const redriven = waiting.length === 1 ? 'brings it back' : `brings back all ${waiting.length} of its key, in order`;
  const todo = outdated
    ? [
        `parked    by a note of a topic ${entry.topic} that is gone, or was deleted and made again`,
        `to do     stop the function; then ${commandOf(topic, `unpark ${keyFlag(entry)} --apply`)}`,
      ]
    : [
        isHead
          ? `parked    its key waits behind it: ${behind.length === 0 ? 'nothing yet' : some(behind)}`
          : `parked    behind ${place}, which died of ${entry.poison.code}: ${dead}`,
        `to do     mend the cause; then ${commandOf(topic, `redrive ${placeOf(letter)} --apply`)} ${redriven}`,
      ];
  return todo.map(printable);
}

/** The same for a program. */
export function standingJson(standings: ReadonlyMap<string, Standing>, letter: Letter): object {
  const standing = standingOf(standings, letter);
  if (standing === undefined) return {};
  const { entry, head, waiting, isHead, outdated } = standing;
  const { at, code } = entry.poison;
  return {
    parked: {
      ...{ behind: `${entry.topic}/${entry.partition}/${at}`, code, isHead, outdated },
      ...{ deadLetter: head === undefined ? null : placeOf(head.letter), waiting: waiting.length },
    },
  };
}

/** What a discard does to parked keys. */
export function discardLines(
  topic: string,
  standings: ReadonlyMap<string, Standing>,
  chosen: readonly Letter[],
): string[] {
  const { freed, left } = afterDiscard(standings, chosen);
  const waiting = left.reduce((sum, one) => sum + one.waiting.length, 0);
  const places = left.slice(0, 4).flatMap((one) => one.waiting.slice(0, 1).map(placeOf));
  return [
    ...(freed.length > 0
      ? [`Nothing waits of ${count(freed.length, 'parked key')} then: released, and what comes next goes on.`]
      : []),
    ...(left.length > 0
      ? [
          `${count(left.length, 'key')} ${left.length === 1 ? 'stays' : 'stay'} parked, and ${count(waiting, 'record')} of ${left.length === 1 ? 'it' : 'them'} ${waiting === 1 ? 'waits' : 'wait'}. They go back in order, without what is discarded:`,
          `  ${commandOf(topic, `redrive ${places.join(' ')} --apply`)}`,
        ]
      : []),
  ];
}
