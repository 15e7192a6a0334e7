import type { Database } from './port.ts';

/** A number of `/metrics`. */
interface DatabaseMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** How a function's database is: what its definition's `observe` returns. Servers are as they were last seen. */
export function reportOn(database: Database): { health: object; metrics: readonly DatabaseMetric[] } {
  const counts = database.metrics();
  const counter = (name: string, help: string, value: number): DatabaseMetric => ({
    ...{ name: `database_${name}_total`, type: 'counter', help, value },
  });
  const gauge = (name: string, help: string, value: number): DatabaseMetric => ({
    ...{ name: `database_${name}`, type: 'gauge', help, value },
  });
  return {
    health: { database: database.health() },
    metrics: [
      counter('writes', 'Transactions committed on the primary.', counts.writes),
      counter('replica_reads', 'Transactions that read from a replica.', counts.replicaReads),
      counter(
        'primary_reads',
        'Transactions that read from the primary, no replica being near enough.',
        counts.primaryReads,
      ),
      counter('failures', 'Transactions that failed because no server could be had.', counts.failures),
      counter('cancelled', 'Transactions given up at a deadline or a shutdown.', counts.cancelled),
      counter('discoveries', 'Looks at all servers.', counts.discoveries),
      counter('failovers', 'Times that another server was found to be the primary.', counts.failovers),
      gauge('connections', 'Open connections to all servers.', counts.connections),
      gauge('waiting', 'Transactions that wait for a connection.', counts.waiting),
    ],
  };
}
