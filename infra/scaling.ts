import type { MarketCalendar, ScalingPolicy } from './scaling/policy.ts';
import { topics } from './topics.ts';

/**
 * The National Stock Exchange of India. Holidays and special sessions: the circular of the exchange for trading holidays
 * of 2026, with what was added on 2026-01-15 and 2026-02-01. The one for 2027 comes out in December: add its year here.
 */
const nse: MarketCalendar = {
  zone: 'Asia/Kolkata',
  utcOffsetMinutes: 330,
  weekdays: [1, 2, 3, 4, 5],
  sessions: [
    // Orders of the pre-open are few, but what opens at 09:15 must not meet a rebalance.
    { name: 'pre-open', from: '09:00', to: '09:15', minimum: 6 },
    { name: 'opening', from: '09:15', to: '09:45', minimum: 6 },
    { name: 'open', from: '09:45', to: '15:30', minimum: 4 },
  ],
  leadSeconds: 300,
  holidays: {
    2026: [
      ...[
        '2026-01-15',
        '2026-01-26',
        '2026-03-03',
        '2026-03-26',
        '2026-03-31',
        '2026-04-03',
        '2026-04-14',
        '2026-05-01',
      ],
      ...[
        '2026-05-28',
        '2026-06-26',
        '2026-09-14',
        '2026-10-02',
        '2026-10-20',
        '2026-11-10',
        '2026-11-24',
        '2026-12-25',
      ],
    ],
  },
  specialSessions: [
    { date: '2026-02-01', name: 'budget', from: '09:00', to: '15:30', minimum: 6 },
    // Its hour is told days before, and has been in the afternoon and in the evening.
    { date: '2026-11-08', name: 'muhurat', from: '13:30', to: '19:30', minimum: 4 },
  ],
};

/** The processor in production. `npm run infra -- render` makes of it what each target takes. */
export const scaling: ScalingPolicy = {
  name: 'processor',
  group: 'processor-group',
  topic: 'market.raw',
  partitions: partitionsOf('market.raw'),
  minimum: 2,
  maximum: 12,
  targetLagPerPartition: 100,
  targetDrainSeconds: 60,
  // `npm run bench`: 21,500 to 24,000 of 2 contracts, on two cores that it shares with three brokers.
  recordsPerSecondPerInstance: 20_000,
  targetUtilisation: 0.75,
  // Commits every 100 ms, and half a second that a fetch may wait.
  inFlightSeconds: 0.75,
  intervalSeconds: 5,
  up: { windowSeconds: 10, periodSeconds: 15, maxFactor: 2 },
  down: { windowSeconds: 300, periodSeconds: 60, maxFactor: 2 },
  downstream: { maximum: 12, degradedMaximum: 4 },
  calendar: nse,
};

/** The policy of each stage of `serverless.yml`. */
export const stagePolicies = {
  dev: { ...scaling, minimum: 1, maximum: 2, downstream: { maximum: 2, degradedMaximum: 1 }, calendar: null },
  prod: scaling,
} as const satisfies Readonly<Record<string, ScalingPolicy>>;

/**
 * Connections that a PostgreSQL takes as it comes, and those of them that are left to people, migrations, replicas and other
 * functions. Change both with the server's max_connections.
 */
const database = { connections: 100, others: 40 };
/** Of one process of storage to the primary: two transactions at a time, and the look at who is the primary. */
const storageConnections = 3;
const callsPerPoller = 5;
const storagesBorne = Math.floor((database.connections - database.others) / storageConnections);

/** Storage in production: as many as the database has connections for, whatever the lag. */
export const storageScaling: ScalingPolicy = {
  ...scaling,
  name: 'storage',
  group: 'storage-group',
  topic: 'market.enriched',
  partitions: partitionsOf('market.enriched'),
  minimum: 2,
  maximum: 6,
  // Snapshots of 160 options: less than half of what `npm run bench -- --only storage` had on two busy cores, the server's on them.
  recordsPerSecondPerInstance: 600,
  // More writers do not make a database faster that is slow.
  downstream: { maximum: Math.min(6, storagesBorne), degradedMaximum: 2 },
  calendar: null,
};

/** The same behind an event source mapping, where a poller keeps five environments busy, each with its connections. */
export const storageFunctionScaling: ScalingPolicy = {
  ...storageScaling,
  name: 'storage-function',
  minimum: 1,
  maximum: 4,
  downstream: { maximum: Math.min(4, Math.floor(storagesBorne / callsPerPoller)), degradedMaximum: 1 },
};

/**
 * A laptop: the same rules in minutes in place of hours, and a tenth of the rate, since all instances share its cores
 * with the brokers and the feed.
 */
export const localScaling: ScalingPolicy = {
  ...scaling,
  name: 'local',
  maximum: 6,
  targetDrainSeconds: 30,
  recordsPerSecondPerInstance: 2_000,
  intervalSeconds: 1,
  up: { windowSeconds: 3, periodSeconds: 5, maxFactor: 2 },
  down: { windowSeconds: 20, periodSeconds: 10, maxFactor: 2 },
  downstream: { maximum: 6, degradedMaximum: 2 },
  calendar: null,
};

/** The local policy in the time and at the rates of `npm start -- --autoscale --burst`. */
export const burstScaling: ScalingPolicy = {
  ...localScaling,
  name: 'burst',
  targetLagPerPartition: 30,
  targetDrainSeconds: 20,
  recordsPerSecondPerInstance: 400,
  up: { windowSeconds: 2, periodSeconds: 3, maxFactor: 2 },
  down: { windowSeconds: 6, periodSeconds: 8, maxFactor: 3 },
  // Brokers share the cores with the instances: when they are slow it is the burst, and no reason to let go.
  downstream: { maximum: 6, degradedMaximum: 6 },
};

function partitionsOf(name: string): number {
  const declared = topics.find((topic) => topic.name === name);
  if (declared === undefined) throw new Error(`infra/topics.ts declares no ${name}, which infra/scaling.ts scales by`);
  return declared.partitions;
}
