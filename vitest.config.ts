import { defineConfig } from 'vitest/config';

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
          // One three-broker cluster for all files, and two cores: one file at a time.
          globalSetup: ['test/support/cluster.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          // What takes minutes, and wants the machine for itself: `npm run test:long`.
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          globalSetup: ['test/support/cluster.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
