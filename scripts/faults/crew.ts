import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from '../start/guard.ts';
import { type Instance, type InstanceState, startInstance } from '../start/instance.ts';
import type { Application } from './applications.ts';
import { residentBytes } from './memory.ts';

/** How a member ended, and how long after it was told to. */
export interface MemberExit {
  readonly state: InstanceState;
  /** Undefined when nobody told it to. */
  readonly ms?: number;
}

/** One process of the application under test. */
export interface Member {
  readonly id: number;
  readonly pid: number;
  /** Who it is to brokers and proxies: its client id, or what its connections begin with. */
  readonly client: string;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and does nothing. It is not counted on any more. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** It cannot be counted on: the others are to have all partitions. */
  discount(): void;
  /** It can again. */
  count(): void;
}

/** A time during which a member believed that it owned a partition. */
export interface Span {
  readonly member: number;
  readonly partition: number;
  readonly fromMs: number;
  toMs: number;
}

/** The members of the group under test, past and present. */
export interface Crew {
  add(count: number): Member[];
  /** Waits until those that live share all partitions evenly, each partition in one of them. */
  settled(timeoutMs?: number): Promise<void>;
  /** SIGTERM to all that live. */
  stopAll(): Promise<void>;
  /** Ends whatever is left, at once. */
  end(): Promise<void>;
  readonly spans: readonly Span[];
  readonly exits: readonly MemberExit[];
  /** What a member noted that a person should know. */
  readonly notices: readonly string[];
  /** The most memory that any member had. */
  readonly peakBytes: number;
}

export interface CrewOptions {
  readonly application: Application;
  readonly partitions: number;
  readonly logDir: string;
  readonly guard: Guard;
}

interface Hand {
  readonly member: Member;
  readonly instance: Instance;
  owned: readonly number[];
  counted: boolean;
  toldAtMs: number | undefined;
}

const lookIntervalMs = 250;
const believableMs = 600_000;
const pollMs = 50;
const exitTimeoutMs = 30_000;
const mostNotices = 20;

const clientOf = (id: number): string => `processor-${id}`;

export function createCrew({ application, partitions, logDir, guard }: CrewOptions): Crew {
  const hands: Hand[] = [];
  const spans: Span[] = [];
  const exits: MemberExit[] = [];
  const notices: string[] = [];
  let peakBytes = 0;
  const looks = setInterval(() => {
    for (const { instance } of living()) peakBytes = Math.max(peakBytes, residentBytes(instance.pid));
  }, lookIntervalMs);

  const living = (): Hand[] => hands.filter(({ instance }) => instance.endedAtMs === undefined);

  function own(hand: Hand, owned: readonly number[], atMs: number): void {
    const { id } = hand.instance;
    for (const span of spans) if (span.member === id && span.toMs === Number.POSITIVE_INFINITY) span.toMs = atMs;
    for (const partition of owned) {
      spans.push({ member: id, partition, fromMs: atMs, toMs: Number.POSITIVE_INFINITY });
    }
    hand.owned = owned;
  }

  function start(): Member {
    const id = hands.length + 1;
    const instance = startInstance({
      id,
      args: application.args,
      env: {
        ...{ ...application.env, INSTANCE_ID: String(id), TOTAL_INSTANCES: String(living().length + 1) },
        HFT_FAULTS_CLIENT: clientOf(id),
      },
      logPath: join(logDir, `instance-${id}.log`),
      guard,
      onFact(said) {
        // Its clock may be off on purpose.
        const off = 'atMs' in said && Math.abs(said.atMs - Date.now()) > believableMs;
        const fact = off ? { ...said, atMs: Date.now() } : said;
        if (fact.kind === 'assigned') own(hand, fact.partitions, fact.atMs);
        else if (fact.kind === 'released') own(hand, [], fact.atMs);
        else if ((fact.kind === 'notice' || fact.kind === 'text') && notices.length < mostNotices) {
          notices.push(`instance ${id}: ${fact.text}`);
        }
      },
      onExit(state) {
        const endedAtMs = Date.now();
        own(hand, [], endedAtMs);
        exits.push({ state, ...(hand.toldAtMs === undefined ? {} : { ms: endedAtMs - hand.toldAtMs }) });
      },
    });
    const signal = (name: NodeJS.Signals): void => {
      if (instance.endedAtMs === undefined) process.kill(instance.pid, name);
    };
    const member: Member = {
      id,
      pid: instance.pid,
      client: clientOf(id),
      async stop() {
        hand.toldAtMs = Date.now();
        hand.counted = false;
        await instance.stop(exitTimeoutMs);
      },
      async kill() {
        hand.counted = false;
        instance.kill();
        await instance.exited;
      },
      freeze() {
        hand.counted = false;
        signal('SIGSTOP');
      },
      thaw() {
        hand.counted = true;
        signal('SIGCONT');
      },
      discount() {
        hand.counted = false;
      },
      count() {
        hand.counted = true;
      },
    };
    const hand: Hand = { member, instance, owned: [], counted: true, toldAtMs: undefined };
    hands.push(hand);
    return member;
  }

  function isSettled(): boolean {
    const counted = living().filter((hand) => hand.counted);
    const share = partitions / counted.length;
    const all = counted.flatMap(({ owned }) => owned);
    const even = counted.every(({ owned: { length } }) => length === Math.floor(share) || length === Math.ceil(share));
    return even && all.length === partitions && new Set(all).size === partitions;
  }

  return {
    spans,
    exits,
    notices,
    get peakBytes() {
      return peakBytes;
    },
    add: (count) => Array.from({ length: count }, start),
    async settled(timeoutMs = 60_000) {
      const deadlineMs = Date.now() + timeoutMs;
      while (!isSettled()) {
        if (Date.now() > deadlineMs) {
          const shares = living().map(({ instance, owned }) => `${instance.id}: ${owned.length}`);
          throw new Error(
            `${partitions} partitions are not shared evenly after ${timeoutMs} ms (${shares.join(', ')})`,
          );
        }
        await sleep(pollMs);
      }
    },
    async stopAll() {
      await Promise.all(living().map(({ member }) => member.stop()));
    },
    async end() {
      clearInterval(looks);
      for (const { instance } of living()) instance.kill();
      await Promise.all(hands.map(({ instance }) => instance.exited));
    },
  };
}
