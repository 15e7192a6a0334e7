import { defineConfig } from 'vitest/config';

/** Those that stop or change brokers, watch how fast something is, or start a cluster of their own. */
const alone = [
  'blocked',
  'broker-loss',
  'doctor',
  'drain',
  'faults',
  'local-cluster',
  'scaling',
  'secured',
  'start',
  'topics-rights',
  'topics',
].map((name) => `test/cluster/${name}.test.ts`);

export default defineConfig({
  test: {
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Some start commands as processes: a machine that is busy takes its time over that.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // A real primary and its replica a file, and no Kafka: two files at a time, before the cluster's.
          name: 'database',
          include: ['test/database/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/{cluster,conformance}/**/*.test.ts'],
          exclude: alone,
          // One three-broker cluster for all files, with topics and groups of their own: they wait more than they work.
          globalSetup: ['test/support/cluster.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          globalSetup: ['test/support/cluster.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          // What takes minutes, and wants the machine for itself: `npm run test:long`.
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          globalSetup: ['test/support/cluster.ts'],
          fileParallelism: false,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
