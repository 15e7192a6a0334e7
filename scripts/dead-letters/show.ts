import { CommandError } from '../support/command.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import type { RawRecord } from '../support/kafka/raw-records.ts';
import { inLines, inOneLine } from './bytes-text.ts';
import { createLetterReader, envelopeOf, placeOf, sourceText } from './letter.ts';
import type { Look } from './look.ts';
import { newPlaceOf } from './outcomes.ts';
import { standingJson, standingLines } from './parked-text.ts';
import { envelopeHeaders, type RawBody, readBody } from './raw-headers.ts';
import { recordJson } from './record-json.ts';
import { scan } from './scan.ts';
import { type State, stateOf } from './select.ts';
import type { Standing } from './standing.ts';
import { isoTime, lines } from './text.ts';

/**
 * One dead letter, for a person and for a program.
 * @throws CommandError when there is none at that place
 */
export async function show(
  cluster: AnsweringCluster,
  look: Look,
  place: string,
  most: number,
  standings: ReadonlyMap<string, Standing>,
): Promise<{ text: string; json: object }> {
  const [partition = 0, offset = 0] = place.split('/').map(Number);
  const { topic, held } = look;
  const stretch = held.get(partition);
  if (stretch === undefined) {
    throw new CommandError(`${topic.name} has partitions 0 to ${topic.partitions.length - 1}, and no ${partition}`);
  }
  let found: RawRecord | undefined;
  if (offset >= stretch.from && offset < stretch.to) {
    const one = new Map([[partition, { from: offset, to: offset + 1 }]]);
    await scan(topic, cluster.nodes, one, (_partition, record) => {
      found = record;
    });
  }
  if (found === undefined) {
    const holds = stretch.from === stretch.to ? 'is empty' : `holds offsets ${stretch.from} to ${stretch.to - 1}`;
    throw new CommandError(`there is no ${topic.name}/${place}: it ${holds}`);
  }
  const body = readBody(found.body);
  const letter = createLetterReader(undefined, look.parked !== undefined)(partition, found);
  const state = stateLines(look, letter);
  const waits = state.json.state === 'waiting';
  const parked = waits ? standingLines(topic.name, standings, letter) : [];
  const json = recordJson(topic.name, { partition, offset }, found.timestamp, body);
  return {
    text: showText(topic.name, found, partition, body, [`state     ${state.text}`, ...parked], most),
    json: { ...json, ...state.json, ...(waits ? standingJson(standings, letter) : {}) },
  };
}

/** What was done with it, and what came of that. */
function stateLines(
  look: Look,
  letter: Parameters<typeof stateOf>[0],
): { text: string; json: { readonly state: State; readonly [field: string]: unknown } } {
  const state = stateOf(letter, look.journal);
  const note = look.journal.noteOf(letter);
  const twin = look.journal.twinOf(letter);
  if (note === undefined) {
    const text = twin === undefined ? 'waiting' : `${twin.action}, as the dead letter ${twin.place} of the same record`;
    return { text, json: { state, ...(twin === undefined ? {} : { twin: twin.place }) } };
  }
  const done = `${isoTime(note.atMs)} by ${note.by}`;
  if (note.action === 'discarded') {
    return { text: `discarded ${done}${note.reason === '' ? '' : `: ${note.reason}`}`, json: { state, note } };
  }
  const outcome = look.outcomes.find((one) => one.note === note);
  const { topic, partition, offset } = newPlaceOf(note);
  const again = outcome?.letter === undefined ? '' : `, as ${placeOf(outcome.letter)}`;
  const fate = outcome === undefined ? '' : `; since then: ${outcome.fate}${again}`;
  return {
    text: `redriven ${done} to ${topic}/${partition}/${offset}${fate}`,
    json: { state, note, fate: outcome?.fate ?? null },
  };
}

function showText(
  topic: string,
  { offset, timestamp }: RawRecord,
  partition: number,
  body: RawBody,
  state: readonly string[],
  most: number,
): string {
  const envelope = envelopeOf(partition, offset, body);
  const own = body.headers.filter(({ name }) => envelope instanceof Error || !envelopeHeaders.has(name));
  const reason =
    envelope instanceof Error
      ? [`no dead letter of this runtime: ${envelope.message}`]
      : [
          `record    ${sourceText(envelope.source)}, of ${isoTime(envelope.source.timestamp)}`,
          `function  ${envelope.functionName}, tried ${envelope.attempts === 1 ? 'once' : `${envelope.attempts} times`}`,
          `code      ${envelope.code}`,
          `message   ${envelope.message}`,
        ];
  return lines([
    `${topic}/${partition}/${offset}, died ${isoTime(timestamp)}`,
    ...state,
    ...reason,
    `key       ${inOneLine(body.key)}`,
    ...(own.length === 0 ? ['headers   none'] : ['headers']),
    ...own.map(({ name, value }) => `  ${inOneLine(Buffer.from(name, 'latin1'), 60)}: ${inOneLine(value)}`),
    `value     ${body.value === null ? 'null' : `${body.value.length} bytes`}`,
    ...(body.value === null ? [] : inLines(body.value, most)),
  ]);
}
