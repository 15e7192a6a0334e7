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
 * Connections that a PostgreSQL takes as it comes (`max_connections`), and who may have how many of the primary's; the rest is
 * for people, migrations and others. The shares of both functions are the primary's: analytics reads from it, too, while no
 * replica is near enough. A replica takes as many as its primary, so it bears what the primary bears.
 */
export const databaseConnections = { all: 100, storage: 40, analytics: 40 } as const;

/**
 * What one process has in its pool of a server at most, as deployments set DATABASE_POOL_SIZE. Storage: one transaction is made
 * while the other is sent. Analytics: two reads, and the look at storage's positions. Behind a mapping: a function's default.
 */
export const databasePools = { storage: 2, analytics: 3, function: 2 } as const;
/** The look at who is the primary has a connection of its own to each server. */
export const lookoutConnections = 1;
/** While a Deployment rolls out, its old pods are there beside as many new ones. */
export const rolloutFactor = 2;
const callsPerPoller = 5;

/** Processes, each with a pool of that size, for which a share has connections. */
function borne(function_: 'storage' | 'analytics', pool: number): number {
  return Math.floor(databaseConnections[function_] / (pool + lookoutConnections));
}

function containersBorne(function_: 'storage' | 'analytics'): number {
  return Math.floor(borne(function_, databasePools[function_]) / rolloutFactor);
}

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
  downstream: { maximum: Math.min(6, containersBorne('storage')), degradedMaximum: 2 },
  calendar: null,
};

/** The same behind an event source mapping, where a poller keeps five environments busy, each with its connections. */
export const storageFunctionScaling: ScalingPolicy = behindMapping(storageScaling, 'storage');

/** Analytics in production. It is never further than storage, for which it waits. */
export const analyticsScaling: ScalingPolicy = {
  ...storageScaling,
  name: 'analytics',
  group: 'analytics-group',
  // Snapshots of 160 options with windows of 300: 0.2 ms of CPU each, and up to as long again for reading windows where no two
  // are of one symbol (DESIGN.md, Analytics): half of what that leaves.
  recordsPerSecondPerInstance: 1_200,
  // A replica that is late gets no better by more readers, nor does storage, which is what is waited for mostly.
  downstream: { maximum: Math.min(6, containersBorne('analytics')), degradedMaximum: 2 },
};

/** The same behind an event source mapping. */
export const analyticsFunctionScaling: ScalingPolicy = behindMapping(analyticsScaling, 'analytics');

function behindMapping(policy: ScalingPolicy, function_: 'storage' | 'analytics'): ScalingPolicy {
  const pollers = Math.floor(borne(function_, databasePools.function) / callsPerPoller);
  const downstream = { maximum: Math.min(4, pollers), degradedMaximum: 1 };
  return { ...policy, name: `${function_}-function`, minimum: 1, maximum: 4, downstream };
}

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
