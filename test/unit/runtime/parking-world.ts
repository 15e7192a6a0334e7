import type { InboundRecord } from '../../../functions/runtime/contract.ts';
import { BadInputError, EngineError } from '../../../functions/runtime/errors.ts';
import { withParking } from '../../../functions/runtime/park-keys.ts';
import { orderHeader } from '../../../functions/runtime/parking.ts';
import { type ParkedTopic, requester, stateKey } from '../../../functions/runtime/parking-state.ts';
import { createContext, createRecord } from '../../../functions/runtime/testing.ts';
import type { Letter } from '../../../scripts/dead-letters/letter.ts';
import { keyOf, placeOf } from '../../../scripts/dead-letters/letter.ts';
import { parkedKeysOf, parkedNotesOf, releasable, turnsOf } from '../../../scripts/dead-letters/parked.ts';
import { letter } from '../dead-letters/letters.ts';

/** What happens to what a dying owner writes last: stored, lost, or stored long after, as by a frozen process. */
export type LastWrite = 'stored' | 'lost' | 'late';

/** An owner that is killed after so many writes, and commits when it may. */
export interface Life {
  readonly writes: number;
  readonly last: LastWrite;
  /** Of each record: whether all up to it is stored and committed once it is handled. */
  readonly commits: readonly boolean[];
}

async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await undefined;
}

interface Stored {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/**
 * One partition with its topics, owners that die between any two writes, and the redriving command. What an owner made
 * and has not flushed is gone with it, in any order with its notes of parked keys.
 */
export class World {
  readonly log: InboundRecord[] = [];
  readonly outputs: { key: string; first: number }[] = [];
  readonly letters: Letter[] = [];
  readonly parked: Stored[] = [];
  readonly redriven = new Map<string, number>();
  readonly discarded = new Set<string>();
  readonly poison = new Set<number>();
  committed = 0;
  #late: Stored[] = [];

  produce(key: string, order?: string): number {
    const offset = this.log.length;
    const headers = order === undefined ? {} : { [orderHeader]: Buffer.from(order) };
    const first = order?.split('/')[1] ?? String(offset);
    this.log.push(createRecord({ topic: 'in', offset, key, value: first, headers }));
    return offset;
  }

  landLate(): void {
    this.parked.push(...this.#late.splice(0));
  }

  /** An owner from what is committed on, until it dies or all is done. */
  async own({ writes, last, commits }: Life): Promise<void> {
    let left = writes;
    let stored = Promise.resolve();
    const death = Promise.withResolvers<'dead'>();
    const topic: ParkedTopic = {
      publisher: {
        ...{ topic: 'in.dlq.parked', partitionCount: 1, maxRecordBytes: 1e6, full: false, degraded: false },
        publish: (_partition, { key, value }, _bytes, receipt) => {
          const one = { key: key as Buffer, value: value === null ? null : Buffer.from(value) };
          // In order, and a while later: whoever does not wait for it goes on meanwhile.
          stored = stored
            .then(() => turns(5))
            .then(() => {
              left -= 1;
              if (left > 0) {
                this.parked.push(one);
                receipt.acknowledged();
                return;
              }
              if (last === 'stored' && left === 0) this.parked.push(one);
              if (last === 'late') this.#late.push(one);
              death.resolve('dead');
            });
        },
        cancel: () => undefined,
      },
      read: async (_partition, from, onRecord) => {
        for (const { key, value } of this.parked.slice(from)) onRecord(key, value);
        return this.parked.length;
      },
    };
    const { handle } = withParking(
      {
        ...{
          name: 'processor',
          source: 'in',
          group: 'g',
          deadLetters: 'in.dlq',
          output: 'out',
          order: 'key',
          park: true,
        },
        retry: { attempts: 1, initialDelayMs: 1, maxDelayMs: 1 },
        handle: ({ value }) => {
          if (this.poison.has(Number(value))) throw new BadInputError('CONTRACT_VIOLATED', `no ${value}`);
          return { value };
        },
      },
      topic,
      { ...topic.publisher, publish: () => undefined },
    );
    const context = createContext({ resources: undefined, assignment: { confirmedAtMs: 0 } });
    let unflushed: (() => void)[] = [];
    for (let offset = this.committed; offset < this.log.length; offset += 1) {
      const record = this.log[offset] as InboundRecord;
      const key = String(record.key);
      const call = new Promise((resolve) => resolve(handle?.(record, context))).then(
        () => 'handled' as const,
        (error: unknown) => error,
      );
      const result = await Promise.race([call, death.promise]);
      if (result === 'dead') return;
      if (result === 'handled') unflushed.push(() => this.outputs.push({ key, first: Number(record.value) }));
      else if (result instanceof EngineError) unflushed.push(() => this.#bury(record, result));
      else throw result;
      if (commits[offset % commits.length] || offset === this.log.length - 1) {
        for (const store of unflushed) {
          left -= 1;
          if (left < 0 || (left === 0 && last !== 'stored')) return;
          store();
          if (left === 0) return;
        }
        unflushed = [];
        this.committed = offset + 1;
      }
    }
  }

  #bury({ offset, key, value }: InboundRecord, { code, message }: EngineError): void {
    this.letters.push(
      letter({
        ...{
          offset: this.letters.length,
          died: [code, message],
          source: { topic: 'in', partition: 0, offset, timestamp: 1 },
        },
        keyed: { key: keyOf({ topic: 'in', partition: 0 }, 'processor', key as Buffer), offset: Number(value) },
      }),
    );
  }

  /** As the command sees them: what waits, and what is not known to be handled. */
  waiting(): Letter[] {
    const redriven = new Set([...this.redriven.keys()].map((place) => this.#sourceOf(place)));
    const seen = new Set<number>();
    return this.letters.filter((one) => {
      const source = one.source?.offset ?? -1;
      const is = !this.discarded.has(placeOf(one)) && !redriven.has(source) && !seen.has(source);
      seen.add(source);
      return is;
    });
  }

  #sourceOf(place: string): number {
    return this.letters.find((one) => placeOf(one) === place)?.source?.offset ?? -1;
  }

  isOpen(one: Letter): boolean {
    const to = this.redriven.get(placeOf(one));
    if (to === undefined) return this.waiting().includes(one);
    return to >= this.committed;
  }

  /** Redrives what waits of the keys whose records are committed; `noise` is written between them. */
  redrive(noise: readonly (string | undefined)[]): number {
    const turns = turnsOf(this.letters, (one) => this.isOpen(one));
    const waiting = this.waiting();
    const early = new Set(
      this.letters
        .filter((one) => Math.max(one.source?.offset ?? 0, this.redriven.get(placeOf(one)) ?? 0) >= this.committed)
        .map(({ keyed }) => keyed?.key),
    );
    const chosen = waiting
      .filter(({ keyed }) => !early.has(keyed?.key))
      .sort((a, b) => (a.keyed?.offset ?? 0) - (b.keyed?.offset ?? 0));
    for (const [index, one] of chosen.entries()) {
      const turn = turns.get(placeOf(one));
      this.redriven.set(
        placeOf(one),
        this.produce(one.keyed?.key.split('/').at(-1) ?? '', `processor/${turn?.offset}/${turn?.after}`),
      );
      const key = noise[index % Math.max(1, noise.length)];
      if (key !== undefined) this.produce(key);
    }
    return chosen.length;
  }

  /** What the command asks for once nothing of a key is open: its release. */
  settle(): void {
    const parked = parkedKeysOf(parkedNotesOf(this.parked.map((one) => ({ ...one, partition: 0 }))));
    const isOpen = (one: Letter): boolean => this.isOpen(one);
    for (const { name, last } of releasable(parked, this.letters, isOpen, (_, offset) => offset < this.committed)) {
      const value = Buffer.from(JSON.stringify({ last }));
      this.parked.push({ key: stateKey('in', 'processor', requester, name), value });
    }
  }
}
