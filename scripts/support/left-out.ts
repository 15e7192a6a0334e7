/**
 * What of the dependencies is not in the bundle. A file that is left out throws when it is called after all. A part that is
 * left out is called nowhere in the bundle, or the build fails.
 */

const requests = 'kafkajs/src/protocol/requests';

/** Loaded with their package, and used by nothing that the bundle does. */
export const unusedFiles: ReadonlySet<string> = new Set([
  'kafkajs/src/admin/index.js',
  ...['aclOperationTypes', 'aclPermissionTypes', 'aclResourceTypes'].map((name) => `kafkajs/src/protocol/${name}.js`),
  ...['configResourceTypes', 'configSource', 'resourcePatternTypes'].map((name) => `kafkajs/src/protocol/${name}.js`),
  'kafkajs/src/producer/index.js', // ours is another; what it needs of kafkajs is a cluster and its brokers
  'kafkajs/src/producer/partitioners/index.js',
  'kafkajs/src/utils/once.js', // of a warning about its producer
  ...['awsIam', 'plain'].map((name) => `kafkajs/src/broker/saslAuthenticator/${name}.js`), // settings offer neither
  'kafkajs/src/consumer/batch.js', // what a fetch of kafkajs' own makes
  'kafkajs/src/consumer/assigners/index.js', // of members that bring none; ours do
  'kafkajs/src/protocol/message/compression/index.js', // of what its producer sends and its fetch reads
  'kafkajs/src/loggers/console.js', // of clients that bring no logger
  ...['req', 'res'].map((name) => `pino-std-serializers/lib/${name}.js`),
  'pino/lib/multistream.js',
  'pino/lib/redaction.js',
  'pino/lib/transport.js', // a thread for the log: lines go to standard output here
  'sonic-boom/index.js',
  'on-exit-leak-free/index.js',
  'pg-pool/index.js', // connections are counted by ours
  'pg-connection-string/index.js', // URLs are read by ours
  'pgpass/lib/index.js',
  ...['client', 'index'].map((name) => `pg/lib/native/${name}.js`),
  'pg/lib/crypto/cert-signatures.js', // of channel binding, which is not asked for
  // Requests of transactions and of an administrator, and produce and fetch, which are our own.
  ...['addOffsetsToTxn', 'addPartitionsToTxn', 'endTxn', 'txnOffsetCommit', 'produce', 'fetch'].map(requestFile),
  ...['alterConfigs', 'alterPartitionReassignments', 'createAcls', 'createPartitions', 'createTopics'].map(requestFile),
  ...['deleteAcls', 'deleteGroups', 'deleteRecords', 'deleteTopics', 'describeAcls', 'describeGroups'].map(requestFile),
  ...['listGroups', 'listPartitionReassignments'].map(requestFile),
]);

/** Methods, functions and classes that nothing calls here: of kafkajs' broker those that send requests which are left out. */
export const unusedParts: Readonly<Record<string, readonly string[]>> = {
  'kafkajs/src/index.js': ['producer', 'admin', 'logger', 'warnOfDefaultPartitioner'],
  // Offsets are committed by ours (member.ts), and nobody moves them while the group runs.
  'kafkajs/src/consumer/index.js': ['commitOffsets', 'seek', 'describeGroup', 'paused', 'specialOffsets'],
  // Records do not come through kafkajs: we fetch, and read them out of the response (group-hooks.ts).
  'kafkajs/src/consumer/consumerGroup.js': [
    ...['fetch', 'uncommittedOffsets', 'commitOffsetsIfNecessary', 'seek', 'hasSeekOffset', 'getActiveTopicPartitions'],
    ...['commitOffsets', 'resetOffset', 'paused', 'recoverFromOffsetOutOfRange'],
  ],
  'kafkajs/src/consumer/offsetManager/index.js': [
    ...['countResolvedOffsets', 'commitOffsetsIfNecessary', 'commitOffsets', 'uncommittedOffsets', 'seek'],
    ...['setDefaultOffset', 'clearOffsets', 'resetOffset'],
  ],
  'kafkajs/src/consumer/runner.js': [
    ...['processEachMessage', 'processEachBatch', 'handleBatch', 'commitOffsets', 'autoCommitOffsetsIfNecessary'],
  ],
  'kafkajs/src/consumer/subscriptionState.js': ['paused'],
  'kafkajs/src/errors.js': [
    ...['PartialMessageError', 'OffsetOutOfRange', 'DeleteGroupsError', 'UnsupportedMagicByteInMessageSet'],
    ...['DeleteTopicRecordsError', 'InvalidVarIntError', 'InvalidLongError', 'CreateTopicError'],
    ...['AggregateError', 'AlterPartitionReassignmentsError'],
  ].map((name) => `KafkaJS${name}`),
  'kafkajs/src/protocol/encoder.js': [
    ...[
      'writeUVarIntBytes',
      'writeUVarInt',
      'writeVarIntBytes',
      'writeVarLong',
      'writeUVarIntArray',
      'writeUVarIntString',
    ],
    ...['writeVarIntString', 'writeVarIntArray', 'sizeOfVarLong', 'sizeOfVarIntBytes', 'writeDouble', 'writeUInt32'],
    ...['encodeZigZag64', 'writeVarInt', 'sizeOfVarInt', 'encodeZigZag'],
  ],
  'kafkajs/src/protocol/decoder.js': [
    ...['readVarLong', 'readTaggedFields', 'readUVarIntString', 'readVarIntString', 'readVarIntBytes'],
    ...['readUVarIntArray', 'readArrayAsync', 'readVarIntArray', 'readDouble', 'canReadInt64', 'forward'],
    ...['readVarInt', 'readUVarInt', 'readUVarIntBytes', 'decodeZigZag64', 'decodeZigZag'],
  ],
  'kafkajs/src/cluster/index.js': ['markOffsetAsCommitted', 'addTargetTopic'],
  'kafkajs/src/cluster/brokerPool.js': ['findConnectedBroker', 'withBroker'], // silent-broker.ts
  'kafkajs/src/network/connectionPool.js': ['getConnectionByRequest'],
  'kafkajs/src/network/requestQueue/index.js': ['scheduleRequestTimeoutCheck', 'scheduleCheckPendingRequests'],
  'kafkajs/src/utils/long.js': [
    ...['notEquals', 'or', 'and', 'toNumber', 'toInt', 'gte', 'shiftLeft', 'shiftRight', 'shiftRightUnsigned'],
    ...['fromBits', 'xor', 'subtract', 'negate', 'not', 'lessThan'],
  ],
  'kafkajs/src/broker/index.js': [
    ...['produce', 'fetch', 'describeGroups', 'createTopics', 'createPartitions', 'deleteTopics', 'alterConfigs'],
    ...['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn', 'listGroups', 'deleteGroups'],
    ...['deleteRecords', 'createAcls', 'describeAcls', 'deleteAcls', 'alterPartitionReassignments'],
    'listPartitionReassignments',
  ],
};

/** Calls of that name which stay in a bundle, all looked at: they are of something else, or cannot be reached. */
const namesakes: Readonly<Record<string, number>> = {
  commitOffsets: 1, // of the runner when it commits by itself, which it is told not to
  handleBatch: 4, // of the runner, which is never given a batch; the others are a function's own
  producer: 1, // of the port
  recoverFromOffsetOutOfRange: 1, // after an error that a fetch of kafkajs' own makes
  seek: 1, // of what a consumer was told to seek, which is nothing
  xor: 1, // of SCRAM
};

/** What is left out of a bundle and named in it all the same, where nothing else has the name. */
export function missingParts(bundle: string): string[] {
  const names = [...new Set(Object.values(unusedParts).flat())];
  return names.filter((name) => {
    if (bundle.includes(`.prototype.${name} = `)) return false; // ours is put in its place
    const uses = bundle.match(new RegExp(`(?:[\\w)\\]?]\\.${name}\\(|\\b(?:new|extends|instanceof) ${name}\\b)`, 'g'));
    return (uses?.length ?? 0) > (namesakes[name] ?? 0);
  });
}

/** The file of a kafkajs request. */
export function requestFile(name: string): string {
  return `${requests}/${name}/index.js`;
}
