import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuLimit } from './cpu-limit.ts';
import type { Guard } from './guard.ts';
import { type Instance, startInstance } from './instance.ts';
import { createOwnership, type Ownership } from './ownership.ts';

/** The instances of a function, those that have ended included. */
export interface Fleet {
  readonly instances: readonly Instance[];
  readonly ownership: Ownership;
  /** Durations of the rebalances since the fleet was first complete, in ms. */
  readonly rebalances: readonly number[];
  alive(): Instance[];
  add(): Instance;
  /** Stops one in order: the given, or the last one. Does not wait. */
  remove(id?: number): void;
  /** kill -9: the given, or the last one. */
  kill(id?: number): void;
  /** From here on rebalances count. */
  complete(): void;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** What an instance is called in events and in the name of its log: `instance`, or the function's name. */
  readonly label: string;
  /** What each instance runs: a program and its arguments. */
  readonly args: readonly string[];
  /** What all instances get, without their number. */
  readonly env: NodeJS.ProcessEnv;
  readonly logDir: string;
  readonly guard: Guard;
  readonly cpuLimit: CpuLimit | undefined;
  readonly partitions: number;
  readonly drainDeadlineMs: number;
  readonly onEvent: (text: string) => void;
}

const killAfterDrainMs = 6_000;
/** A broker that is gone is noticed once for each partition: once for each instance is enough here. */
const noticeIntervalMs = 10_000;

export function createFleet(options: FleetOptions): Fleet {
  const { onEvent, logDir, label } = options;
  const instances: Instance[] = [];
  const rebalances: number[] = [];
  let counting = false;
  const ownership = createOwnership(options.partitions, ({ membersBefore, membersAfter, ms }) => {
    if (!counting) return;
    rebalances.push(ms);
    const whose = label === 'instance' ? '' : `${label} `;
    onEvent(`${whose}rebalanced ${membersBefore} \u2192 ${membersAfter} in ${(ms / 1_000).toFixed(1)} s`);
  });
  mkdirSync(logDir, { recursive: true });

  const alive = (): Instance[] => instances.filter((one) => one.endedAtMs === undefined);
  const pick = (id: number | undefined): Instance | undefined => {
    const candidates = alive().filter((one) => one.state !== 'leaving');
    return id === undefined ? candidates.at(-1) : candidates.find((one) => one.id === id);
  };

  function add(): Instance {
    const id = instances.length + 1;
    const total = String(alive().length + 1);
    const logPath = join(logDir, `${label}-${id}.log`);
    let joined = false;
    const told = new Map<string, number>();
    const instance = startInstance({
      id,
      args: options.args,
      env: { ...options.env, INSTANCE_ID: String(id), TOTAL_INSTANCES: total, METRICS_PORT: '0' },
      logPath,
      guard: options.guard,
      cpuLimit: options.cpuLimit,
      onFact(fact) {
        if (fact.kind === 'assigned') {
          if (!joined) onEvent(`${label} ${id} joined`);
          joined = true;
          ownership.assigned(id, fact.partitions, fact.atMs);
        } else if (fact.kind === 'released') {
          if (fact.lost) onEvent(`${label} ${id} lost its partitions`);
          ownership.released(id, fact.atMs);
        } else if (fact.kind === 'leaving') ownership.left(id, fact.atMs);
        else if (fact.kind === 'notice' && fact.atMs - (told.get(fact.text) ?? 0) > noticeIntervalMs) {
          told.set(fact.text, fact.atMs);
          onEvent(`${label} ${id}: ${fact.text}${fact.reason && ` (${fact.reason})`}`);
        }
      },
      onExit(state) {
        if (state === 'crashed') onEvent(`${label} ${id} CRASHED: see ${logPath}`);
        else onEvent(`${label} ${id} ${state === 'left' ? 'left' : 'is gone'}`);
        ownership.left(id, Date.now());
      },
    });
    instances.push(instance);
    return instance;
  }

  return {
    instances,
    ownership,
    rebalances,
    alive,
    add,
    remove(id) {
      const instance = pick(id);
      if (instance === undefined) return;
      onEvent(`${label} ${instance.id} gets SIGTERM`);
      void instance.stop(options.drainDeadlineMs + killAfterDrainMs);
    },
    kill(id) {
      const instance = pick(id);
      if (instance === undefined) return;
      onEvent(`${label} ${instance.id} (pid ${instance.pid}) gets kill -9`);
      instance.kill();
    },
    complete() {
      counting = true;
    },
    async stop() {
      await Promise.all(alive().map((one) => one.stop(options.drainDeadlineMs + killAfterDrainMs)));
    },
  };
}
