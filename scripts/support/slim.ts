import { readFileSync } from 'node:fs';
import { type Plugin, transform } from 'esbuild';

const requests = 'kafkajs/src/protocol/requests';

/** Loaded with their package, and used by nothing that the bundle does. */
const unused = new Set([
  'kafkajs/src/admin/index.js',
  ...['aclOperationTypes', 'aclPermissionTypes', 'aclResourceTypes'].map((name) => `kafkajs/src/protocol/${name}.js`),
  ...['configResourceTypes', 'configSource', 'resourcePatternTypes'].map((name) => `kafkajs/src/protocol/${name}.js`),
  'kafkajs/src/producer/index.js', // ours is another; what it needs of kafkajs is a cluster and its brokers
  'kafkajs/src/producer/partitioners/index.js',
  ...['awsIam', 'plain'].map((name) => `kafkajs/src/broker/saslAuthenticator/${name}.js`), // settings offer neither
  'kafkajs/src/consumer/batch.js', // what a fetch of kafkajs' own makes
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
  ...['addOffsetsToTxn', 'addPartitionsToTxn', 'endTxn', 'txnOffsetCommit', 'produce', 'fetch'].map(request),
  ...['alterConfigs', 'alterPartitionReassignments', 'createAcls', 'createPartitions', 'createTopics'].map(request),
  ...['deleteAcls', 'deleteGroups', 'deleteRecords', 'deleteTopics', 'describeAcls', 'describeGroups'].map(request),
  ...['listGroups', 'listPartitionReassignments'].map(request),
]);

/** Methods of kafkajs' classes that nothing calls here: of its broker those that send requests which are left out. */
const unusedMethods: Readonly<Record<string, readonly string[]>> = {
  // Records do not come through kafkajs: we fetch, and read them out of the response (group-hooks.ts).
  'kafkajs/src/consumer/consumerGroup.js': [
    ...['fetch', 'uncommittedOffsets', 'commitOffsetsIfNecessary', 'seek', 'hasSeekOffset', 'getActiveTopicPartitions'],
  ],
  'kafkajs/src/consumer/offsetManager/index.js': ['countResolvedOffsets', 'commitOffsetsIfNecessary'],
  'kafkajs/src/consumer/runner.js': ['processEachMessage', 'processEachBatch', 'handleBatch'],
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
    ...['readUVarIntArray', 'readArrayAsync', 'readVarIntArray', 'readDouble', 'canReadInt64'],
    ...['readVarInt', 'readUVarInt', 'readUVarIntBytes', 'decodeZigZag64', 'decodeZigZag'],
  ],
  'kafkajs/src/cluster/index.js': ['markOffsetAsCommitted', 'addTargetTopic'],
  'kafkajs/src/cluster/brokerPool.js': ['findConnectedBroker', 'withBroker'], // silent-broker.ts
  'kafkajs/src/network/connectionPool.js': ['getConnectionByRequest'],
  'kafkajs/src/network/requestQueue/index.js': ['scheduleRequestTimeoutCheck', 'scheduleCheckPendingRequests'],
  'kafkajs/src/utils/long.js': [
    ...['notEquals', 'or', 'and', 'toNumber', 'toInt', 'gte', 'shiftLeft', 'shiftRight', 'shiftRightUnsigned'],
  ],
  'kafkajs/src/broker/index.js': [
    ...['produce', 'fetch', 'describeGroups', 'createTopics', 'createPartitions', 'deleteTopics', 'alterConfigs'],
    ...['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn', 'listGroups', 'deleteGroups'],
    ...['deleteRecords', 'createAcls', 'describeAcls', 'deleteAcls', 'alterPartitionReassignments'],
    'listPartitionReassignments',
  ],
};

function request(name: string): string {
  return `${requests}/${name}/index.js`;
}

/**
 * Leaves out of the bundle what comes with a dependency and is never called, comments included, so that a cold start has
 * half as much to read. What is left out says so when it is called after all; every test on a real cluster runs on a
 * bundle made this way. Each request of kafkajs is there in its last version only, which Kafka 2.4 and later take.
 */
export function slim(): Plugin {
  return {
    name: 'slim',
    setup(build) {
      // Of its own description kafkajs reads where to report its bugs.
      build.onLoad({ filter: /[\\/]kafkajs[\\/]package\.json$/ }, ({ path }) => {
        const { version, bugs } = JSON.parse(readFileSync(path, 'utf8'));
        return { contents: JSON.stringify({ version, bugs }), loader: 'json' };
      });
      build.onResolve({ filter: /^left-out$/ }, () => ({ path: 'left-out', namespace: 'slim' }));
      build.onLoad({ filter: /^left-out$/, namespace: 'slim' }, () => ({ contents: leftOut }));
      build.onLoad({ filter: /[\\/]node_modules[\\/].*\.js$/ }, async ({ path }) => {
        const name = path.replaceAll('\\', '/').replace(/.*\/node_modules\//, '');
        if (name === 'safe-stable-stringify/index.js') return { contents: unserialisable };
        if (unused.has(name)) return { contents: `module.exports = require('left-out')(${JSON.stringify(name)})` };
        const source = readFileSync(path, 'utf8');
        const kept = keptOf(name, source);
        // A printer that is told to save whitespace prints no comments. The bundle's own then sets it out again. Names stay.
        const { code } = await transform(kept, { minifyWhitespace: true, minifySyntax: true, loader: 'js' });
        return { contents: code };
      });
    },
  };
}

/** What pino falls back on for a field that JSON cannot hold, with what it says when that fails too. */
const unserialisable = `exports.configure = () => () => '"[cannot be serialised]"'`;

function keptOf(name: string, source: string): string {
  const methods = unusedMethods[name];
  if (methods) return withoutMethods(source, name, methods);
  if (name === 'kafkajs/src/protocol/error.js') return errorTable(source, name);
  return name.startsWith(`${requests}/`) && name.endsWith('/index.js') ? lastVersion(source, name) : source;
}

/** A class without methods. */
function withoutMethods(source: string, name: string, methods: readonly string[]): string {
  return methods.reduce((text, method) => {
    const kept = text.replace(new RegExp(`^ {2}(?:static |async )?${method}\\([\\s\\S]*?^ {2}\\}\\n`, 'm'), '');
    if (kept === text) throw new Error(`${name} has no ${method}`);
    return kept;
  }, source);
}

/** The errors of the protocol made by a function: the names of their four fields, ninety times, are a third of them. */
function errorTable(source: string, name: string): string {
  const error = /\{\s+type: (.+),\s+code: (.+),\s+retriable: (.+),\s+message:\s+(['"].+['"]),\s+\}/g;
  const shorter = source.replace(error, 'made($1, $2, $3, $4)');
  if (shorter.split('made(').length < 80) throw new Error(`${name} is not written as expected`);
  return `const made = (type, code, retriable, message) => ({ type, code, retriable, message });\n${shorter}`;
}

/** Of `const versions = { 0: () => {...}, 1: ... }` the last: the others load nothing then. */
function lastVersion(source: string, name: string): string {
  if (name === `${requests}/index.js` || name === request('apiVersions')) return source;
  const versions = [...source.matchAll(/^ {2}\d+: [\s\S]*?^ {2}\},\n/gm)].map(([text]) => text);
  const lookUp = 'versions[version]';
  if (versions.length === 0 || !source.includes(lookUp)) throw new Error(`${name} is not written as expected`);
  const refusal = 'This broker is too old: Kafka 2.4 or later is needed.';
  return versions
    .slice(0, -1)
    .reduce((text, old) => text.replace(old, ''), source)
    .replace(lookUp, `${lookUp} || (() => { throw new Error('${refusal}') })`);
}

/** What stands in the place of a file that is left out. */
const leftOut = `module.exports = (name) => {
  // A function of the old kind may stand to the right of \`instanceof\`. Requests are asked for their versions at load.
  function leftOut() { throw new Error('This bundle leaves out ' + name + '.') }
  leftOut.versions = [];
  return leftOut;
}`;
