import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { EndOfTest } from '../../support/instance.ts';
import { ledgerClient } from '../../support/ledger/client.ts';
import { createPipeline, type Pipeline } from '../../support/pipeline.ts';
import { positionsOf } from '../hosts/group.ts';
import { observe, writeWork } from '../hosts/observe.ts';
import type { Meanwhile, Observed } from '../work.ts';
import type { DatabaseCase, Place, Running } from './case.ts';

const timeoutMs = 60_000;
/** Long enough for a host that goes on where it must not. */
const restMs = 700;

/** A host on the brokers, as its cases need it. */
export interface Member {
  /** Starts a process, or a mapping, of the group. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Waits until it says that a dependency is down. */
  saysThatItWaits(): Promise<void>;
  filtered(): Promise<number>;
}

/** What a place on the brokers makes of a case: its member comes and goes, the records are those of a topic. */
export function onBrokers(
  name: Place['name'],
  memberOf: (one: DatabaseCase, bundle: string, pipeline: Pipeline, env: Readonly<Record<string, string>>) => Member,
): Place {
  return {
    name,
    async begin(one, bundle, env) {
      const ends: EndOfTest[] = [];
      const { functionName, partitions, outputPartitions = partitions, deadLetterPartitions } = one;
      const pipeline = await createPipeline({
        ...{ bundle, functionName, partitions, outputPartitions, deadLetterPartitions },
        env: { ...env, KAFKA_SESSION_TIMEOUT_MS: '6000' },
        onTestFinished: (end) => void ends.push(end),
      });
      const member = memberOf(one, bundle, pipeline, env);
      await member.start();
      return running(one, pipeline, member, async () => {
        for (const end of ends) await end({ task: {} });
      });
    },
  };
}

function running(one: DatabaseCase, pipeline: Pipeline, member: Member, cleanUp: () => Promise<void>): Running {
  const { topics, groupId } = pipeline;
  let given: readonly number[] = [];
  let meanwhile: Meanwhile | undefined;

  async function untilItStands(at: readonly number[]): Promise<readonly number[]> {
    const untilMs = Date.now() + timeoutMs;
    for (;;) {
      const positions = await positionsOf(pipeline, one.partitions);
      if (at.every((offset, partition) => (positions[partition] ?? 0) >= offset)) return positions;
      if (Date.now() > untilMs) throw new Error(`The group stands at ${positions}, and not at ${at}`);
      await sleep(100);
    }
  }

  return {
    topic: topics.source,
    async write(to) {
      const next = new Map<number, number>();
      const wanted = one.records.filter(({ partition }) => {
        const offset = next.get(partition) ?? 0;
        next.set(partition, offset + 1);
        return offset >= (given[partition] ?? 0) && offset < (to[partition] ?? 0);
      });
      given = to;
      await writeWork(pipeline, { records: wanted });
    },
    done: () => pipeline.committed(timeoutMs),
    async stands(at) {
      await member.saysThatItWaits();
      await untilItStands(at);
      await sleep(restMs);
      const { deadLetters } = await observe(pipeline);
      meanwhile = { standsAt: await positionsOf(pipeline, one.partitions), deadLetters: deadLetters.length };
    },
    async again() {
      await member.stop();
      const admin = ledgerClient(inject('bootstrapServers')).admin();
      await admin.connect();
      await admin.resetOffsets({ groupId, topic: topics.source, earliest: true });
      await admin.disconnect();
      await member.start();
      await pipeline.committed(timeoutMs);
    },
    async end(): Promise<Observed> {
      try {
        const filtered = await member.filtered();
        await member.stop();
        return { ...(await observe(pipeline)), filtered, ...(meanwhile && { meanwhile }) };
      } finally {
        await cleanUp();
      }
    },
  };
}
