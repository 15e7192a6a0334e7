import type { Kafka } from 'kafkajs';
import type { Cluster } from 'kafkajs/src/cluster/index.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { TopicReader } from '../port.ts';
import { decodeFetchResponse, encodeFetchRequest, fetchApi } from '../wire/fetch.ts';
import { readBatches } from '../wire/fetched-batches.ts';
import { createCluster } from './cluster.ts';
import { isOffsetOutOfRange } from './failures.ts';
import { sendRaw } from './raw-request.ts';

const bytesOfFetch = 1_048_576;
const longestMs = 20_000;
/** What is fetched again brings nothing while a transaction is open: not at once. */
const pauseMs = 50;

/** Reads partitions of one topic to their ends, for no group. */
export function kafkajsReader(kafka: Kafka, topic: string): TopicReader {
  let current: Promise<Cluster> | undefined;

  async function connect(): Promise<Cluster> {
    const cluster = createCluster(kafka);
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    return cluster;
  }

  /** Whatever went wrong: the next reading is on connections of its own. Those that another has made since stay. */
  function forget(last: Promise<Cluster> | undefined): Promise<unknown> {
    if (last !== current) return Promise.resolve();
    current = undefined;
    return last === undefined ? Promise.resolve() : last.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }

  async function offsetOf(cluster: Cluster, partition: number, fromBeginning: boolean): Promise<number> {
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    const offset = Number(found?.partitions[0]?.offset ?? Number.NaN);
    if (Number.isNaN(offset)) throw new Error(`the brokers do not say where partition ${partition} ends`);
    return offset;
  }

  async function fetch(cluster: Cluster, partition: number, offset: number) {
    const { leader } = cluster.findTopicPartitionMetadata(topic).find((one) => one.partitionId === partition) ?? {};
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const version = Math.min(fetchApi.newest, broker.versions?.[fetchApi.key]?.maxVersion ?? fetchApi.oldest);
    const request = {
      ...{ topic, positions: [{ partition, offset }], maxWaitMs: 0, minBytes: 0, isolationLevel: 1, rackId: '' },
      ...{ maxBytes: bytesOfFetch, maxBytesPerPartition: bytesOfFetch },
    };
    const body = encodeFetchRequest(request, version);
    const { bytes, partitions } = await sendRaw(broker, { api: fetchApi, version, body }, (payload) =>
      decodeFetchResponse(payload, topic, version),
    );
    const [answer] = partitions;
    if (answer === undefined) throw new Error(`the broker says nothing of partition ${partition}`);
    if (answer.errorCode !== 0) throw createErrorFromCode(answer.errorCode);
    const budget = { left: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY };
    return { ...readBatches(bytes, answer, { topic, partition, offset }, budget), end: answer.highWatermark };
  }

  async function read(
    connecting: Promise<Cluster>,
    partition: number,
    from: number,
    onRecord: Parameters<TopicReader['read']>[2],
  ): Promise<number> {
    const untilMs = performance.now() + longestMs;
    const cluster = await connecting;
    await cluster.refreshMetadataIfNecessary();
    // A leader that was just elected may not know yet how far it is: then this fails, where a fetch would say too little.
    let end = await offsetOf(cluster, partition, false);
    let next = from;
    while (next < end) {
      try {
        const fetched = await fetch(cluster, partition, next);
        for (const { key, value } of fetched.records) if (key !== null) onRecord(key, value);
        // The end that was asked for first is that of what is decided: behind an open transaction there may be more.
        end = Math.max(end, fetched.end);
        if (fetched.next === next) {
          if (performance.now() > untilMs) throw new Error(`nothing comes of partition ${partition} from ${next} on`);
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
        next = fetched.next;
      } catch (error) {
        const first = isOffsetOutOfRange(error) ? await offsetOf(cluster, partition, true) : next;
        if (first <= next) throw error;
        next = first;
      }
    }
    return next;
  }

  return {
    async read(partition, from, onRecord) {
      current ??= connect();
      const own = current;
      try {
        return await read(own, partition, from, onRecord);
      } catch (error) {
        void forget(own);
        throw error;
      }
    },
    async close() {
      await forget(current);
    },
  };
}
