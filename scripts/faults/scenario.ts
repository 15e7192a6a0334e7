import type { LocalCluster } from '../../infra/cluster/cluster.ts';
import type { RunTopics } from '../../test/support/ledger/topics.ts';
import type { Crew, Member } from './crew.ts';
import type { Network } from './network.ts';
import type { Operated } from './operated.ts';
import type { Parking } from './parking.ts';

/** What a scenario promises besides what always holds: nothing lost, reordered, committed ahead or unaccounted. */
export interface Promised {
  /** Records doubled at most; left out where at least once is all that is promised. */
  readonly doubled?: number;
  readonly silenceMs?: number;
  readonly recoveredMs?: number;
  /** From SIGTERM to the end of the process. */
  readonly exitMs?: number;
  /** Resident memory of an instance. */
  readonly peakMb?: number;
}

/** What a promise may depend on. */
export interface Conditions {
  readonly sessionTimeoutMs: number;
  readonly rate: number;
  readonly instances: number;
}

/** One way for a day to be bad. */
export interface Scenario {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly summary: string;
  /** Instances at its start (default: what `--instances` says). */
  readonly startsWith?: number;
  /** The instances' session timeout (default: what `--session-timeout` says). */
  readonly sessionTimeoutMs?: number;
  /** Whether instances reach the brokers through `stage.network`. */
  readonly behindProxy?: boolean;
  /** Whether all records are there before the first instance, and the scenario ends when they are done. */
  readonly onBacklog?: boolean;
  /** Share of records that are bad (default 0.01). */
  readonly poisonShare?: number;
  /** Settings of the instances, over the defaults. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the instances are a function that parks keys, with bad records of its own, on a third of the keys. */
  readonly parks?: boolean;
  /** Whether the instances' clock can be set. */
  readonly withClock?: boolean;
  /** Why it cannot run on this machine, if it cannot. */
  readonly unavailable?: () => string | undefined;
  /** Why it means nothing with pollers in place of instances. */
  readonly containerOnly?: string;
  /** A function reports what it could not finish, and what it had published behind that is delivered again. */
  readonly functionDoubles?: boolean;
  readonly promised: (conditions: Conditions) => Promised;
  /** Does it, and waits until the group has settled again. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** What a scenario acts on: instances at work, and records coming in. */
export interface Stage {
  readonly crew: Crew;
  readonly cluster: LocalCluster;
  readonly topics: RunTopics;
  readonly groupId: string;
  /** How many partitions each topic has. */
  readonly partitions: number;
  /** Instances at the start. */
  readonly members: readonly Member[];
  /** What is between instances and brokers, where the scenario asked for it. */
  readonly network: Network | undefined;
  /** The broker that looks after the group now. */
  coordinator(): Promise<number>;
  /** Waits until all that was written is done and committed. */
  committed(): Promise<void>;
  /** Waits until every partition but those excepted takes outputs from now on. */
  allMove(except?: readonly number[]): Promise<void>;
  /** Who leads each partition of a topic now. */
  leaders(topic: string): Promise<readonly number[]>;
  /** The silence of these partitions is not measured. */
  exempt(partitions: readonly number[]): void;
  /** Reads the output topic as it is: it is about to be deleted, and what is in it is to count. */
  keepOutputs(): Promise<void>;
  /** Nothing is written any more. */
  stopWriting(): Promise<void>;
  /** Of a scenario that `parks`. */
  readonly parking: Parking | undefined;
  /** Stops the writing, reads the source topic as it is, and deletes it. */
  deleteSource(): Promise<void>;
  /** Makes it again, and writes to it. */
  remakeSource(): Promise<void>;
  /** What an operator did while nobody was in the group: the ledger is to account for it. */
  operated(done: Operated): void;
  /** Of a scenario `withClock`: what the instances take for the time is off by so much from now on. */
  setClock(offMs: number): Promise<void>;
  /** Waits until all replicas of the run's topics and of the group's offsets are in sync. */
  inSync(): Promise<void>;
  /** A plain member of the same group that reads the output topic; what it resolves to makes it leave. */
  addStranger(): Promise<() => Promise<void>>;
  /** From here on is measured how long partitions stand still: call it right before each fault. */
  mark(text: string): void;
  /** Lets time pass. */
  rest(ms: number): Promise<void>;
}

/** The network of a scenario that says `behindProxy`. */
export function networkOf({ network }: Stage): Network {
  if (network === undefined) throw new Error('this scenario does not say that it is behind a proxy');
  return network;
}

/** What a scenario that says `parks` has. */
export function parkingOf({ parking, stopWriting }: Stage): Parking & Pick<Stage, 'stopWriting'> {
  if (parking === undefined) throw new Error('this scenario does not say that its function parks keys');
  return { ...parking, stopWriting };
}
