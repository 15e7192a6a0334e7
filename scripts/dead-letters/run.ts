import { hostname, userInfo } from 'node:os';
import { CommandError } from '../support/command.ts';
import type { Tell } from '../support/insist.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { count, printable } from '../support/words.ts';
import { groupByCause } from './causes.ts';
import { discard } from './discard.ts';
import { exportLetters } from './export.ts';
import { follow } from './follow.ts';
import { groupsByFunction, readersOf } from './groups.ts';
import { ensureJournal } from './journal.ts';
import { type Letter, placeOf, sourceText } from './letter.ts';
import { type Look, lookAtAll, withDeadLetters } from './look.ts';
import type { DeadLettersOptions } from './options.ts';
import { newPlaceOf, type Outcome, topicsOf } from './outcomes.ts';
import { planRedrive, type RedrivePlan } from './plan.ts';
import { type Manner, redrive } from './redrive.ts';
import { select, stateOf } from './select.ts';
import { show } from './show.ts';
import { discardText, lines, listText, outcomeLines, planText } from './text.ts';

/** What the command found and did: for a person, and for a program. */
export interface Report {
  readonly text: string;
  readonly json: object;
  /** Whether all that was asked for is done. */
  readonly done: boolean;
}

/** What comes from outside. */
export interface Surroundings {
  readonly tell: Tell;
  readonly signal: AbortSignal;
  readonly reached?: Manner['reached'];
}

/**
 * Does what the command line asks.
 * @throws CommandError
 */
export async function runDeadLetters(options: DeadLettersOptions, around: Surroundings): Promise<Report> {
  const { action, target, filter } = options;
  const looked = await withDeadLetters(target, async (cluster, topic) => {
    const look = await lookAtAll(target, cluster, topic, filter.key);
    const chosen = select(look.letters, look.journal, filter);
    if (action === 'show')
      return { report: { ...(await show(cluster, look, filter.places[0] ?? '', options.shownBytes)), done: true } };
    checkPlaces(look, filter.places, action !== 'list' && action !== 'export');
    if (action === 'list') return { report: list(options, look, chosen) };
    if (action === 'export') {
      const written = await exportLetters(cluster, look, chosen, options.out ?? '');
      const text = `${count(written, 'dead letter')} of ${topic.name} in ${printable(options.out ?? '')}\n`;
      return { report: { text, json: { written, out: options.out }, done: true } };
    }
    const plan = action === 'redrive' ? await planFor(options, cluster, chosen) : undefined;
    const readers = plan === undefined ? new Map() : await readersOf(target, cluster, plan);
    const text =
      plan === undefined ? discardText(topic.name, chosen) : planText(topic.name, plan, options.rate, readers);
    return { look, chosen, plan, readers, text };
  });
  if (looked.report !== undefined) return looked.report;
  const { look, chosen, plan, readers, text } = looked;
  const planned = plan === undefined ? { letters: chosen.map(letterJson) } : planJson(plan, readers);
  if (!options.apply) {
    const next = chosen.length > 0 ? ' Add --apply to do it.' : '';
    return { text: `${text}Nothing was changed.${next}\n`, json: { ...planned, applied: false }, done: true };
  }
  around.tell(text.trimEnd());
  const by = `${userInfo().username}@${hostname()}`;
  const letters = plan === undefined ? chosen : plan.letters;
  if (letters.length === 0) return { text: 'Nothing to do.\n', json: { ...planned, applied: true }, done: true };
  await ensureJournal(target, look.topic);
  if (plan === undefined) {
    const noted = await discard(target, chosen, { reason: options.reason, by, tell: around.tell });
    return {
      text: lines([
        `Discarded ${count(noted, 'dead letter')}: no longer listed, and not redriven. --state discarded lists them.`,
      ]),
      json: { ...planned, applied: true, discarded: noted },
      done: true,
    };
  }
  return await apply(options, around, look, plan, by, planned);
}

async function apply(
  { target, group, rate, followMs }: DeadLettersOptions,
  { tell, signal, reached }: Surroundings,
  look: Look,
  plan: RedrivePlan,
  by: string,
  planned: object,
): Promise<Report> {
  const groupOf = await groupsByFunction(plan.letters, group, target);
  const { notes, gone, before, left } = await redrive(target, plan.letters, {
    ...{ rate, by, groupOf, signal, tell },
    ...(reached ? { reached } : {}),
  });
  const forMs = signal.aborted ? 0 : followMs;
  const outcomes = await follow(target, notes, look.held, forMs, signal);
  const text = lines([
    `Redriven: ${count(notes.length, 'record')}.`,
    ...(before > 0 ? [`${count(before, 'record')} had been seen to by another run.`] : []),
    ...(gone.length > 0 ? [`${count(gone.length, 'dead letter')} had been deleted by retention meanwhile.`] : []),
    ...(left > 0 ? [`Interrupted: ${left} are left. Run it again: it goes on where it is.`] : []),
    ...outcomeLines(outcomes),
    ...(outcomes.some(({ fate }) => fate === 'not yet')
      ? ['See later what becomes of them: npm run dead-letters -- list']
      : []),
  ]);
  const json = { ...planned, applied: true, redriven: outcomes.map(outcomeJson), before, gone, left };
  return { text, json, done: left === 0 };
}

async function planFor(
  { target }: DeadLettersOptions,
  cluster: AnsweringCluster,
  chosen: readonly Letter[],
): Promise<RedrivePlan> {
  const named = new Set(chosen.flatMap(({ source }) => (source === undefined ? [] : [source.topic])));
  const topics = await topicsOf(target, cluster, [...named]);
  return planRedrive(chosen, target.deadLetterTopic, (name) => topics.get(name)?.partitions.length);
}

/** A place that was named must be one: a slip of the finger is no empty selection. */
function checkPlaces(look: Look, places: readonly string[], mustWait: boolean): void {
  const letters = new Map(look.letters.map((letter) => [placeOf(letter), letter]));
  for (const place of places) {
    const letter = letters.get(place);
    if (letter === undefined) throw new CommandError(`there is no ${look.topic.name}/${place}. Nothing was changed`);
    const state = stateOf(letter, look.journal);
    if (mustWait && state !== 'waiting') {
      throw new CommandError(`${look.topic.name}/${place} does not wait: it is ${state}. Nothing was changed`);
    }
  }
}

function list({ filter }: DeadLettersOptions, look: Look, chosen: readonly Letter[]): Report {
  const { states, key, sinceMs, untilMs, ...lists } = filter;
  const filtered =
    Object.values(lists).some((asked) => asked.length > 0) ||
    [key, sinceMs, untilMs].some((asked) => asked !== undefined) ||
    states.join() !== 'waiting';
  const groups = groupByCause(chosen).map(({ example, ...group }) => ({ ...group, example: letterJson(example) }));
  const json = { topic: look.topic.name, groups, redriven: look.outcomes.map(outcomeJson) };
  return { text: listText(look, chosen, filtered), json, done: true };
}

function letterJson(letter: Letter): object {
  const { source, cause, diedAtMs, redrives } = letter;
  return {
    place: placeOf(letter),
    source: source === undefined ? null : sourceText(source),
    cause: cause.id,
    diedAtMs,
    redrives,
  };
}

function planJson({ letters, ...plan }: RedrivePlan, readers: ReadonlyMap<string, readonly string[]>): object {
  return { letters: letters.map(letterJson), ...plan, readers: Object.fromEntries(readers) };
}

function outcomeJson({ note, fate, letter }: Outcome): object {
  const { topic, partition, offset } = newPlaceOf(note);
  return {
    ...{
      place: note.place,
      to: `${topic}/${partition}/${offset}`,
      group: note.group,
      atMs: note.atMs,
      by: note.by,
      fate,
    },
    ...(letter === undefined ? {} : { diedAgainAs: placeOf(letter) }),
  };
}
