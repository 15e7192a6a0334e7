import { variable } from './names.ts';
import type { Variant } from './parameters.ts';
import { type StageName, stages } from './stages.ts';

/** What a function is given beyond its name and topics. */
export interface FunctionShape {
  /** MB, or a reference to them. */
  readonly memorySize: number | string;
  /** Seconds, or a reference to them. */
  readonly timeout: number | string;
  /** The most calls at once; none: what the account has. */
  readonly reservedConcurrency?: number;
  readonly batchSize: number | string;
  readonly pollers: object | string;
  readonly environment: Readonly<Record<string, string>>;
}

const callsPerPoller = 5;

/**
 * - memorySize: an event of 6 MB, its records, their rows (two buffers of 4 MB) or windows, beside Node's 100 MB. The more
 *   MB the more CPU; storage has some 20 ms of work in a full event of 160 contracts a snapshot and then waits for the
 *   database, analytics parses up to 300 rows of window a snapshot.
 * - batchSize: a transaction's overhead is shared by its records; 160 contracts a snapshot make an event of 6 MB of some 90
 *   of them. The windows of 500 snapshots are one query of at most 150 ms.
 */
const sizes = {
  storage: { memorySize: 512, batchSize: 1_000 },
  analytics: { memorySize: 1_024, batchSize: 500 },
} as const;

/** What storage and analytics are given in a stage. */
export function databaseShape(name: keyof typeof sizes, stage: StageName): FunctionShape {
  const { MinimumPollers: minimumPollers, MaximumPollers: maximumPollers } = stages[stage].databasePollers[name];
  return {
    ...sizes[name],
    // An attempt waits up to 80 s for the database, then a last statement may take its 10 s, and its cancelling the margin.
    timeout: 120,
    // Each call at once is an environment with connections of its own: the pollers' bound (infra/scaling.ts), kept by Lambda
    // also for whoever else calls.
    reservedConcurrency: maximumPollers * callsPerPoller,
    pollers: { minimumPollers, maximumPollers },
    environment: {
      // Lambda has the authorities of RDS in this file, and Node has not.
      NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
      DATABASE_SECRET_ARN: variable('param:databaseSecretArn'),
      DATABASE_POOL_SIZE: '2',
      DATABASE_STATEMENT_TIMEOUT_MS: '10000',
      // Half of it is for statements to be cancelled, the rest for the answer.
      DEADLINE_MARGIN_MS: '5000',
    },
  };
}

export function isDatabaseFunction(name: string): name is keyof typeof sizes {
  return Object.hasOwn(sizes, name);
}

/** What a function is given that `npm run new` laid down: as the processor. */
export function likeProcessor(variant: Variant): FunctionShape {
  const processor = (key: string): string => variable(`self:functions.processor.${key}`);
  return {
    memorySize: processor('memorySize'),
    timeout: processor('timeout'),
    batchSize: processor(`events.0.${variant === 'msk' ? 'msk' : 'kafka'}.batchSize`),
    pollers: { minimumPollers: variable('param:minimumPollers'), maximumPollers: variable('param:maximumPollers') },
    environment: {},
  };
}
