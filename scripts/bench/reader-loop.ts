/**
 * A reader of a topic and nothing else, through the port that the container reads by: what it takes is what a consumer pays
 * for how a topic's records are packed. Tells of itself (`tell.ts`) until it is ended.
 */
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import { endWithParent, keepTelling } from './tell.ts';

const [brokers = '', topic = '', groupId = ''] = process.argv.slice(2);
let recordsOut = 0;
let partitions = 0;

function fail(reason: string): void {
  console.error(`bench: the reader cannot go on: ${reason}`);
  process.exit(1);
}

endWithParent();
keepTelling(() => ({ partitions, recordsOut }));
const member = kafkajsPort({ brokers: brokers.split(','), clientId: 'bench-reader' }).member(
  {
    ...{ topic, groupId, outOfRange: 'stop' as const },
    ...{ sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3_000, rebalanceTimeoutMs: 30_000 },
    ...{ maxWaitMs: 500, minBytes: 1 },
    ...{ maxBytes: 52_428_800, maxBytesPerPartition: 1_048_576, maxBytesPerRound: 52_428_800 },
  },
  {
    records({ records }) {
      recordsOut += records.length;
    },
    assigned(owned) {
      partitions = owned.length;
    },
    revoked: async () => undefined,
    lost: () => undefined, // it joins again, as any member does
    interrupted: () => undefined,
    stuck: ({ error }) => fail(String(error)),
    denied: ({ name }) => fail(`${name} may not be read`),
    moved: () => fail('records were gone before they were read'),
    unstuck: () => undefined,
  },
);
await member.start();
