import { integer, kafkaName, number, oneOf, parseBrokers, type SettingSpec, setting, text } from './setting-kinds.ts';

/** Every setting of the runtime. README's table, `npm run doctor` and the errors at start all come from here. */
export const settingSpecs = {
  bootstrapServers: setting({
    name: 'KAFKA_BOOTSTRAP_SERVERS',
    fallback: undefined,
    accepts: 'host:port, or several with commas between',
    effect: 'The brokers to ask for the rest of the cluster.',
    parse: parseBrokers,
  }),
  instanceId: setting({
    name: 'INSTANCE_ID',
    fallback: '1',
    ...integer(0, 100_000),
    effect: 'The number of this instance, for logs and metrics only.',
  }),
  totalInstances: setting({
    name: 'TOTAL_INSTANCES',
    fallback: '1',
    ...integer(1, 100_000),
    effect: 'How many instances were started, for logs only: the group shares partitions among those alive.',
  }),
  groupId: setting({
    name: 'KAFKA_GROUP_ID',
    fallback: null,
    ...kafkaName,
    effect: "The consumer group. Default: the function's own (processor-group).",
  }),
  sourceTopic: setting({
    name: 'SOURCE_TOPIC',
    fallback: null,
    ...kafkaName,
    effect: "The topic to read. Default: the function's own (market.raw).",
  }),
  outputTopic: setting({
    name: 'OUTPUT_TOPIC',
    fallback: null,
    ...kafkaName,
    effect: "The topic for outputs. Default: the function's own (market.enriched).",
  }),
  deadLetterTopic: setting({
    name: 'DEAD_LETTER_TOPIC',
    fallback: null,
    ...kafkaName,
    effect: "The topic for records that cannot be handled. Default: the function's own (market.raw.dlq).",
  }),
  security: setting({
    name: 'KAFKA_SECURITY',
    fallback: 'plaintext',
    ...oneOf(['plaintext', 'tls', 'scram', 'msk-iam']),
    effect:
      'Without encryption, TLS, or TLS with SCRAM-SHA-512 or with the AWS credentials of MSK. Certificates are verified.',
  }),
  caFile: setting({
    name: 'KAFKA_CA_FILE',
    fallback: null,
    ...text(/./, 'the path of a PEM file'),
    effect: 'Authorities to trust in place of those that Node ships.',
  }),
  certFile: setting({
    name: 'KAFKA_CERT_FILE',
    fallback: null,
    ...text(/./, 'the path of a PEM file'),
    effect:
      'The certificate to show to brokers that want one, and those that lead to its authority. Needs KAFKA_KEY_FILE.',
  }),
  keyFile: setting({
    name: 'KAFKA_KEY_FILE',
    fallback: null,
    ...text(/./, 'the path of a PEM file'),
    effect: 'The key of KAFKA_CERT_FILE. All three files are read again when they change.',
  }),
  username: setting({
    name: 'KAFKA_USERNAME',
    fallback: null,
    ...text(/./, 'a user name'),
    effect: 'The SCRAM user; needed with KAFKA_SECURITY=scram.',
  }),
  password: setting({
    name: 'KAFKA_PASSWORD',
    fallback: null,
    secret: true,
    ...text(/./, 'a password'),
    effect: 'The SCRAM password; needed with KAFKA_SECURITY=scram.',
  }),
  sessionTimeoutMs: setting({
    name: 'KAFKA_SESSION_TIMEOUT_MS',
    fallback: '10000',
    ...integer(3_000, 300_000),
    effect: 'An instance that is silent for so long loses its partitions.',
  }),
  heartbeatIntervalMs: setting({
    name: 'KAFKA_HEARTBEAT_INTERVAL_MS',
    fallback: '1000',
    ...integer(100, 60_000),
    effect: 'How often an instance reports to the group, and learns of a rebalance.',
  }),
  fetchMaxWaitMs: setting({
    name: 'KAFKA_FETCH_MAX_WAIT_MS',
    fallback: '500',
    ...integer(1, 30_000),
    effect: 'How long a broker may hold a fetch for the minimum of bytes.',
  }),
  fetchMinBytes: setting({
    name: 'KAFKA_FETCH_MIN_BYTES',
    fallback: '1',
    ...integer(1, 10_485_760),
    effect: 'Bytes a broker waits for before it answers a fetch.',
  }),
  fetchMaxBytes: setting({
    name: 'KAFKA_FETCH_MAX_BYTES',
    fallback: '52428800',
    ...integer(65_536, 104_857_600),
    effect: 'Most bytes of one fetch from one broker.',
  }),
  fetchMaxPartitionBytes: setting({
    name: 'KAFKA_FETCH_MAX_PARTITION_BYTES',
    fallback: '1048576',
    ...integer(16_384, 52_428_800),
    effect: 'Most bytes of one partition in one fetch.',
  }),
  offsetOutOfRange: setting({
    name: 'KAFKA_OFFSET_OUT_OF_RANGE',
    fallback: 'stop',
    ...oneOf(['stop', 'earliest', 'latest']),
    effect: 'When the next record is gone: stand still and say so, or go on at the first or behind the last.',
  }),
  lingerMs: setting({
    name: 'KAFKA_LINGER_MS',
    fallback: '5',
    ...integer(0, 1_000),
    effect: 'How long outputs gather with a request on its way, or more at hand.',
  }),
  commitIntervalMs: setting({
    name: 'KAFKA_COMMIT_INTERVAL_MS',
    fallback: '50',
    ...integer(10, 60_000),
    effect: 'How often offsets of done records are committed: what a killed instance may do twice.',
  }),
  laneMaxRecords: setting({
    name: 'LANE_MAX_RECORDS',
    fallback: '5000',
    ...integer(1, 1_000_000),
    effect: 'Records of one partition held in memory; above, its fetch pauses.',
  }),
  laneMaxBytes: setting({
    name: 'LANE_MAX_BYTES',
    fallback: '2097152',
    ...integer(1_024, 1_073_741_824),
    effect: 'Bytes of one partition held in memory; above, its fetch pauses.',
  }),
  bufferMaxBytes: setting({
    name: 'BUFFER_MAX_BYTES',
    fallback: '4194304',
    ...integer(1_048_576, 8_589_934_592),
    effect: 'Bytes of all partitions together held in memory; above, fetches pause.',
  }),
  drainDeadlineMs: setting({
    name: 'DRAIN_DEADLINE_MS',
    fallback: '10000',
    ...integer(100, 600_000),
    effect: 'How long SIGTERM waits for what is in flight before it is left for the next owner.',
  }),
  watchdogMs: setting({
    name: 'WATCHDOG_MS',
    fallback: '120000',
    ...integer(5_000, 3_600_000),
    effect:
      'With records of a partition and no progress there for this long, or no membership, the process ends so that it is ' +
      'restarted. One call of a handler must be shorter.',
  }),
  startupTimeoutMs: setting({
    name: 'STARTUP_TIMEOUT_MS',
    fallback: '15000',
    ...integer(1_000, 600_000),
    effect: 'How long to try to reach the cluster at start.',
  }),
  deadlineMarginMs: setting({
    name: 'DEADLINE_MARGIN_MS',
    fallback: '2000',
    ...integer(200, 60_000),
    effect: 'Event-source function: how long before its timeout it stops, and reports the rest undone.',
  }),
  dependencyWaitMs: setting({
    name: 'DEPENDENCY_WAIT_MS',
    fallback: '5000',
    ...integer(0, 840_000),
    effect: 'Event-source function: how long it waits for a dependency that is down before it reports the rest undone.',
  }),
  metricsHost: setting({
    name: 'METRICS_HOST',
    fallback: '127.0.0.1',
    ...text(/^[A-Za-z0-9.:_-]+$/, 'an address to listen on'),
    effect: 'Where health and metrics listen. An orchestrator that probes from outside needs 0.0.0.0.',
  }),
  metricsPort: setting({
    name: 'METRICS_PORT',
    fallback: '9464',
    ...integer(0, 65_535),
    effect: 'Port of /live, /ready and /metrics; 0 is any free one. When taken: a warning and any free port.',
  }),
  logLevel: setting({
    name: 'LOG_LEVEL',
    fallback: 'info',
    ...oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    effect: 'The least level that is logged.',
  }),
  riskFreeRate: setting({
    name: 'RISK_FREE_RATE',
    fallback: '0.065',
    ...number(-0.5, 1),
    effect: 'Processor: r of the Black-Scholes formulas, continuous, per year.',
  }),
  dividendYield: setting({
    name: 'DIVIDEND_YIELD',
    fallback: '0',
    ...number(-0.5, 1),
    effect: 'Processor: q of the Black-Scholes formulas, continuous, per year.',
  }),
  analyticsWindow: setting({
    name: 'ANALYTICS_WINDOW',
    fallback: '300',
    ...integer(1, 5_000),
    effect: 'Analytics: how many stored snapshots a result looks back on.',
  }),
  analyticsLookbackHours: setting({
    name: 'ANALYTICS_LOOKBACK_HOURS',
    fallback: '168',
    ...integer(1, 8_760),
    effect: 'Analytics: how far back in time these may be. Less than the days that the database keeps.',
  }),
  storageGroupId: setting({
    name: 'STORAGE_GROUP_ID',
    fallback: 'storage-group',
    ...kafkaName,
    effect: 'Analytics: the group of the storage function whose position it waits for.',
  }),
  storageWaitMs: setting({
    name: 'STORAGE_WAIT_MS',
    fallback: '2000',
    ...integer(0, 60_000),
    effect: 'Analytics: how long a batch waits for storage, before its partition stands as waiting for a dependency.',
  }),
} as const;

type Specs = typeof settingSpecs;
type ValueOf<Spec> = Spec extends SettingSpec<infer Value> ? Value : never;
type OptionalName =
  | 'groupId'
  | 'sourceTopic'
  | 'outputTopic'
  | 'deadLetterTopic'
  | 'caFile'
  | 'certFile'
  | 'keyFile'
  | 'username'
  | 'password';

/** All settings, typed. Those without a default are `undefined` when absent. */
export type Settings = {
  readonly [Name in keyof Specs]: ValueOf<Specs[Name]> | (Name extends OptionalName ? undefined : never);
};
