import { CommandError } from '../support/command.ts';
import type { OpenedCluster, TopicFacts } from '../support/kafka/cluster-facts.ts';
import type { RawRecord } from '../support/kafka/raw-records.ts';
import { envelopeOf, placeOf } from './letter.ts';
import { identityOf } from './note.ts';
import type { Redrivable } from './plan.ts';
import { readBody, redrivenBody } from './raw-headers.ts';
import { type Stretch, scan } from './scan.ts';

/** The bodies of the records that died, as they go back, by the place of their dead letter. */
export async function readBodies(
  cluster: OpenedCluster,
  topic: TopicFacts,
  letters: readonly Redrivable[],
): Promise<Map<string, Buffer>> {
  const wanted = new Map(letters.map((letter) => [placeOf(letter), letter]));
  const bodies = new Map<string, Buffer>();
  const keep = (partition: number, { offset, body }: RawRecord): void => {
    const letter = wanted.get(placeOf({ partition, offset }));
    if (letter === undefined) return;
    const envelope = envelopeOf(partition, offset, readBody(body));
    if (envelope instanceof Error || identityOf(envelope.source) !== identityOf(letter.source)) {
      throw new CommandError(`${topic.name} was made anew while this ran: run it again`);
    }
    const { turn, cause } = letter;
    bodies.set(placeOf(letter), redrivenBody(body, turn && `${cause.functionName}/${turn.offset}/${turn.after}`));
  };
  const waiting = new Map(
    [...Map.groupBy(letters, ({ partition }) => partition)].map(([partition, list]) => [
      partition,
      stretchesOf(list.map(({ offset }) => offset)),
    ]),
  );
  for (;;) {
    const next = [...waiting].flatMap(([partition, stretches]) => {
      const stretch = stretches.shift();
      return stretch === undefined ? [] : [[partition, stretch] as const];
    });
    if (next.length === 0) return bodies;
    await scan(topic, cluster.nodes, new Map(next), keep);
  }
}

/** What lies far apart is not read through. */
const nearOffsets = 64;

function stretchesOf(offsets: readonly number[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const offset of offsets.toSorted((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last !== undefined && offset - last.to < nearOffsets) stretches.splice(-1, 1, { ...last, to: offset + 1 });
    else stretches.push({ from: offset, to: offset + 1 });
  }
  return stretches;
}
