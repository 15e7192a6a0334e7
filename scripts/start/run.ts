import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../functions/runtime/errors.ts';
import { profileMs } from '../feed/profile.ts';
import { CommandError } from '../support/command.ts';
import { follow, perform, type Stage } from './actions.ts';
import { type Autoscaler, startAutoscaler } from './autoscaler.ts';
import { type Books, booksText, kept } from './books.ts';
import { bringUp } from './bring-up.ts';
import { type Display, openDisplay } from './display.ts';
import { createEventLog } from './events.ts';
import type { StartOptions } from './options.ts';
import { openPage } from './page.ts';
import { createPipeline, type Parts } from './pipeline.ts';
import { scaledGroup } from './scaled-group.ts';

const drainMs = 60_000;
/** Who leaves does not want to wait for long. */
const quitDrainMs = 10_000;
/** For coming back to the minimum after the end of a burst. */
const restMs = 300_000;
const pollMs = 200;

/** Brings everything up, shows it until its time is over or somebody quits, and takes everything down again. */
export async function runStart(options: StartOptions): Promise<number> {
  const quit = new AbortController();
  const steps: (() => Promise<void>)[] = [];
  const release = onSignals(() => quit.abort(new CommandError('interrupted: nothing was left running')));
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const { books, rested } = await runPipeline(options, quit, tell, (step) => steps.unshift(step));
    const { firstEnrichedAfterMs } = books;
    if (firstEnrichedAfterMs !== null)
      tell(`first enriched record after ${(firstEnrichedAfterMs / 1_000).toFixed(1)} s`);
    process.stdout.write(options.json ? `${JSON.stringify(books)}\n` : booksText(books));
    if (!rested) tell(`start: the autoscaler had not come back to rest ${restMs / 1_000} s after the burst`);
    return kept(books, options.forMs === undefined && !options.endsAtRest, rested) ? 0 : 1;
  } catch (error) {
    throw whyEnded(error, quit.signal);
  } finally {
    for (const step of steps) await step().catch((error: unknown) => tell(`start: ${messageOf(error)}`));
    release();
  }
}

/** What to tell of a failure: a wait that a signal cuts off says only that it was cut off, the signal says why. */
export function whyEnded(error: unknown, signal: AbortSignal): unknown {
  const cutOff = signal.aborted && error instanceof Error && error.name === 'AbortError';
  return cutOff ? signal.reason : error;
}

async function runPipeline(
  options: StartOptions,
  quit: AbortController,
  tell: (line: string) => void,
  undo: (step: () => Promise<void>) => void,
): Promise<{ books: Books; rested: boolean }> {
  const terminal = process.stdout.isTTY === true && !options.json && !options.plain && process.env.TERM !== 'dumb';
  let display: Display | undefined;
  const onProgress = (line: string): void => tell(`${(performance.now() / 1_000).toFixed(1).padStart(5)} s  ${line}`);
  const events = createEventLog((text) => display?.event(text));
  const parts = await bringUp(options, { signal: quit.signal, onProgress, events, terminal, undo });
  const pipeline = createPipeline(parts);
  undo(async () => pipeline.close());
  const page = await openPage(() => pipeline.snapshot(undefined));
  undo(() => page.close());
  const autoscaler = autoscale(options, parts);
  undo(async () => autoscaler?.stop());
  if (autoscaler) pipeline.scaledBy(autoscaler);
  const stage: Stage = { ...parts, scaled: autoscaler !== undefined };
  display = openDisplay({
    terminal,
    snapshot: () => pipeline.snapshot(page.url),
    perform: (action) => perform(action, stage),
    quit: () => quit.abort(),
  });
  undo(async () => display?.close());
  const drop = follow(options.plan, stage);
  const ended = await Promise.race([
    until(options, autoscaler, quit.signal).then(
      () => 'over',
      () => 'quit',
    ),
    parts.feeder.failed.catch((error: unknown) => messageOf(error)),
  ]);
  drop();
  const rested = ended !== 'over' || !options.endsAtRest || autoscaler?.atRest() !== false;
  // What is left to do is done by those that are there.
  autoscaler?.stop();
  if (ended !== 'over' && ended !== 'quit') events.add(`the feed failed: ${ended}`);
  const books = await pipeline.finish(ended === 'over' ? drainMs : quitDrainMs, (line) => display?.event(line));
  display.close();
  if (ended !== 'over' && ended !== 'quit') tell(`start: the feed failed: ${ended}`);
  return { books, rested };
}

function autoscale({ policy }: StartOptions, parts: Parts): Autoscaler | undefined {
  if (policy === undefined) return undefined;
  return startAutoscaler({ policy, group: scaledGroup(parts), onEvent: (text) => parts.events.add(text) });
}

/** Resolves when the run is to end; rejects when somebody quits. */
async function until(options: StartOptions, autoscaler: Autoscaler | undefined, signal: AbortSignal): Promise<void> {
  if (!options.endsAtRest) return await sleep(options.forMs ?? 2 ** 31 - 1, undefined, { signal });
  await sleep(profileMs(options.feed.profile ?? []), undefined, { signal });
  const giveUpAtMs = performance.now() + restMs;
  while (autoscaler?.atRest() === false && performance.now() < giveUpAtMs) await sleep(pollMs, undefined, { signal });
}

/** The first signal ends in order, the second at once: the guards take what is left down. */
function onSignals(first: () => void): () => void {
  let signalled = false;
  const handle = (): void => {
    if (signalled) process.exit(130);
    signalled = true;
    first();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, handle);
  return () => {
    for (const name of names) process.off(name, handle);
  };
}
