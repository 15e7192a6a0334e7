import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { CommandError } from '../support/command.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { type Letter, placeOf } from './letter.ts';
import type { Look } from './look.ts';
import { standingJson } from './parked-text.ts';
import { readBody } from './raw-headers.ts';
import { recordJson } from './record-json.ts';
import { scan } from './scan.ts';
import { stateOf } from './select.ts';
import type { Standing } from './standing.ts';

/**
 * Writes dead letters to a file, a line of JSON each: every byte in base64, and the text beside it where it is text. The
 * file is this user's only, and is there under its name once it is whole.
 * @throws CommandError
 */
export async function exportLetters(
  cluster: AnsweringCluster,
  { topic, held, journal }: Look,
  letters: readonly Letter[],
  path: string,
  standings: ReadonlyMap<string, Standing>,
): Promise<number> {
  if (existsSync(path)) throw new CommandError(`${path} is there already: move it, or name another with --out`);
  if (letters.length === 0) throw new CommandError(`no dead letter of ${topic.name} fits: ${path} is not written`);
  const wanted = new Map(letters.map((letter) => [placeOf(letter), letter]));
  const partitions = new Set(letters.map(({ partition }) => partition));
  const stretches = new Map([...held].filter(([partition]) => partitions.has(partition)));
  const part = `${path}.part`;
  let file: number;
  try {
    file = openSync(part, 'wx', 0o600);
  } catch (error) {
    throw new CommandError(`${part} cannot be written (${error instanceof Error ? error.message : String(error)})`);
  }
  let written = 0;
  try {
    await scan(topic, cluster.nodes, stretches, (partition, { offset, timestamp, body }) => {
      const letter = wanted.get(placeOf({ partition, offset }));
      if (letter === undefined) return;
      const json = recordJson(topic.name, { partition, offset }, timestamp, readBody(body));
      const { cause } = letter;
      const state = stateOf(letter, journal);
      const parked = state === 'waiting' ? standingJson(standings, letter) : {};
      writeSync(file, `${JSON.stringify({ ...json, state, cause: cause.id, ...parked })}\n`);
      written += 1;
    });
    closeSync(file);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  return written;
}
