/** A topic as the brokers have it. */
export interface StoredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Every value in force: the topic's own and the defaults. */
  readonly configs: Readonly<Record<string, string>>;
  /** By partition; -1 where there is none yet. */
  readonly leaders: readonly number[];
}

/** A change that the brokers refuse, by Kafka's name of the reason, such as `INVALID_PARTITIONS`. */
export class StoreRefusal extends Error {
  readonly reason: string;
  constructor(reason: string, message = reason) {
    super(message);
    this.reason = reason;
  }
}

/** Where the topics behind the service are. */
export interface TopicStore {
  list(): Promise<readonly StoredTopic[]>;
  create(
    name: string,
    partitions: number,
    replicationFactor: number,
    own: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** `replace`: settings of the topic's own that are not named go back to their defaults. */
  setConfigs(name: string, own: Readonly<Record<string, string>>, how: 'merge' | 'replace'): Promise<void>;
  addPartitions(name: string, count: number): Promise<void>;
}

const defaults = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'max.message.bytes': '1048588',
  'min.insync.replicas': '2',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
};

/** Topics in memory, for tests of what the client makes of the service's answers. */
export function memoryTopics(
  initial: readonly { name: string; partitions: number; own?: Readonly<Record<string, string>> }[] = [],
): TopicStore {
  type Kept = { partitions: number; replicationFactor: number; own: Readonly<Record<string, string>> };
  const kept = new Map<string, Kept>(
    initial.map(({ name, partitions, own = {} }) => [name, { partitions, replicationFactor: 3, own }]),
  );
  const find = (name: string): Kept => {
    const topic = kept.get(name);
    if (!topic) throw new StoreRefusal('UNKNOWN_TOPIC_OR_PARTITION');
    return topic;
  };
  return {
    list: async () =>
      [...kept].map(([name, { partitions, replicationFactor, own }]) => ({
        name,
        partitions,
        replicationFactor,
        configs: { ...defaults, ...own },
        leaders: Array.from({ length: partitions }, (_, partition) => (partition % 3) + 1),
      })),
    create: async (name, partitions, replicationFactor, own) => {
      if (kept.has(name)) throw new StoreRefusal('TOPIC_ALREADY_EXISTS');
      kept.set(name, { partitions, replicationFactor, own });
    },
    setConfigs: async (name, own, how) => {
      const topic = find(name);
      kept.set(name, { ...topic, own: how === 'replace' ? own : { ...topic.own, ...own } });
    },
    addPartitions: async (name, count) => {
      const topic = find(name);
      if (count <= topic.partitions) throw new StoreRefusal('INVALID_PARTITIONS');
      kept.set(name, { ...topic, partitions: count });
    },
  };
}
