import { hostname, userInfo } from 'node:os';
import { CommandError } from '../support/command.ts';
import type { Tell } from '../support/insist.ts';
import { count, printable } from '../support/words.ts';
import { discard } from './discard.ts';
import { exportLetters } from './export.ts';
import { follow } from './follow.ts';
import { groupsByFunction, readersOf } from './groups.ts';
import { ensureJournal } from './journal.ts';
import { type Letter, placeOf } from './letter.ts';
import { type Look, lookAtAll, withDeadLetters } from './look.ts';
import type { DeadLettersOptions } from './options.ts';
import { type Earlier, earlierThings } from './outdated.ts';
import type { RedrivePlan } from './plan.ts';
import { type Manner, redrive } from './redrive.ts';
import { letterJson, list, outcomeJson, planJson, type Report } from './report.ts';
import { bringBehind, planOf, settle } from './rounds.ts';
import { select, stateOf } from './select.ts';
import { show } from './show.ts';
import { afterDiscard, standingsOf } from './standing.ts';
import { discardText, lines, outcomeLines, planText } from './text.ts';
import { unpark } from './unpark.ts';

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
  if (action === 'unpark') return await unpark(options, around.tell);
  const looked = await withDeadLetters(target, async (cluster, topic) => {
    const look = await lookAtAll(target, cluster, topic, filter.key);
    const chosen = select(look.letters, look.journal, filter);
    const earlier = await earlierThings(target, cluster, look);
    const standings = standingsOf(look, earlier.outdated);
    if (action === 'show') {
      const shown = await show(cluster, look, filter.places[0] ?? '', options.shownBytes, standings);
      return { report: { ...shown, done: true } };
    }
    checkPlaces(look, filter.places, action !== 'list' && action !== 'export');
    if (action === 'list') return { report: list(options, look, chosen, standings) };
    if (action === 'export') {
      const written = await exportLetters(cluster, look, chosen, options.out ?? '', standings);
      const text = `${count(written, 'dead letter')} of ${topic.name} in ${printable(options.out ?? '')}\n`;
      return { report: { text, json: { written, out: options.out }, done: true } };
    }
    const plan = action === 'redrive' ? await planOf(options, cluster, look, chosen, earlier) : undefined;
    const readers = plan === undefined ? new Map() : await readersOf(target, cluster, plan);
    const text =
      plan === undefined
        ? discardText(topic.name, chosen, standings)
        : planText(topic.name, plan, options.rate, readers);
    return { look, chosen, plan, readers, text, earlier, freed: afterDiscard(standings, chosen).freed };
  });
  if (looked.report !== undefined) return looked.report;
  const { look, chosen, plan, readers, text, earlier, freed } = looked;
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
    const released = look.parked === undefined ? [] : await settle(options, around.tell);
    const late = freed.filter((id) => !released.includes(id)).length;
    return {
      text: lines([
        `Discarded ${count(noted, 'dead letter')}: no longer listed, and not redriven. --state discarded lists them.`,
        ...releasedLines(released.length),
        ...(late > 0
          ? [`${count(late, 'key')} not released yet: its group is not past its records. Later: unpark --apply`]
          : []),
      ]),
      json: {
        ...{ ...planned, applied: true, discarded: noted },
        ...(look.parked === undefined ? {} : { released: released.length }),
      },
      done: true,
    };
  }
  return await apply(options, around, look, plan, by, planned, earlier);
}

function releasedLines(released: number): string[] {
  return released === 0 ? [] : [`Asked for the release of ${count(released, 'key')} that nothing waits of any more.`];
}

async function apply(
  options: DeadLettersOptions,
  { tell, signal, reached }: Surroundings,
  look: Look,
  plan: RedrivePlan,
  by: string,
  planned: object,
  earlier: Earlier,
): Promise<Report> {
  const { target, group, rate, followMs } = options;
  const groups = await groupsByFunction(new Set(plan.letters.map(({ cause }) => cause.functionName)), group, target);
  const groupOf = ({ cause }: Letter): string => groups(cause.functionName);
  const manner: Manner = { ...{ rate, by, groupOf, signal, tell }, ...(reached ? { reached } : {}) };
  const { notes, gone, before, left } = await redrive(target, plan.letters, manner);
  const forMs = signal.aborted ? 0 : followMs;
  const first = await follow(target, notes, look.held, forMs, signal);
  const parks = look.parked !== undefined && left === 0 && forMs > 0;
  const behind = parks ? await bringBehind(options, plan, manner, earlier) : { outcomes: [], said: [] };
  const released = parks ? (await settle(options, tell)).length : 0;
  const outcomes = [...first, ...behind.outcomes];
  const text = lines([
    `Redriven: ${count(notes.length + behind.outcomes.length, 'record')}.`,
    ...behind.said,
    ...releasedLines(released),
    ...(before > 0 ? [`${count(before, 'record')} had been seen to by another run.`] : []),
    ...(gone.length > 0 ? [`${count(gone.length, 'dead letter')} had been deleted by retention meanwhile.`] : []),
    ...(left > 0 ? [`Interrupted: ${left} are left. Run it again: it goes on where it is.`] : []),
    ...outcomeLines(outcomes),
    ...(outcomes.some(({ fate }) => fate === 'not yet')
      ? ['See later what becomes of them: npm run dead-letters -- list']
      : []),
  ]);
  const json = { ...planned, applied: true, redriven: outcomes.map(outcomeJson), before, gone, left };
  return { text, json, done: left === 0 && behind.said.length === 0 };
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
