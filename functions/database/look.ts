import { DependencyDownError, messageOf } from '../runtime/errors.ts';
import { type Connection, openConnection } from './connection.ts';
import { sqlStateOf, translate } from './errors.ts';
import type { Lsn } from './port.ts';
import { migrationsTable, schemaProblem } from './schema.ts';
import { nameOf, type Server } from './servers.ts';
import { headSql } from './transaction.ts';

/** What a server was at a look. */
export interface Seen {
  readonly server: string;
  readonly role: 'primary' | 'replica' | 'unreachable';
  readonly lsn?: Lsn;
  /** Of a primary: the higher one has been promoted later. */
  readonly timeline?: number;
  /** Why it cannot be used, one sentence. */
  readonly problem?: string;
  /** Whether waiting may help: nobody has to change a setting or run a migration. */
  readonly isPassing?: boolean;
}

/** Looks at one server, over a connection of its own: one that hangs must not be waited for behind others. */
export interface Lookout {
  look(): Promise<Seen>;
  close(): Promise<void>;
}

const lookSql = `${headSql}, case when pg_is_in_recovery() then 0
  else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
  current_setting('default_transaction_read_only') = 'on' as "isReadOnly"`;

/** A lookout for a server. A look takes so long at most; it never rejects. */
export function createLookout(server: Server, timeoutMs: number): Lookout {
  const name = nameOf(server);
  let connection: Connection | undefined;
  let schemaFits = false;

  async function ask(open: Connection): Promise<Seen> {
    const { rows } = await open.client.query(lookSql);
    const { isReplica, lsn, timeline, isReadOnly } = rows[0];
    if (isReplica) return { server: name, role: 'replica', ...(lsn === null ? {} : { lsn }) };
    const problem = isReadOnly ? readOnly : schemaFits ? undefined : await schemaOf(open);
    schemaFits = problem === undefined;
    const seen = { server: name, role: 'primary', lsn, timeline } as const;
    return problem === undefined ? seen : { ...seen, problem: `The database ${name} ${problem}`, isPassing: false };
  }

  return {
    async look() {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        connection?.destroy();
      }, timeoutMs);
      try {
        if (connection === undefined || connection.isBroken) {
          schemaFits = false; // it may be another server by now
          connection = await openConnection(server, timeoutMs);
        }
        const seen = await ask(connection);
        // What is set for a database or a user counts from the login on: only another session hears that it is off again.
        if (seen.problem?.endsWith(readOnly)) connection.destroy();
        return seen;
      } catch (error) {
        connection?.destroy();
        connection = undefined;
        if (isLate) {
          const problem = `The database ${name} does not answer within ${timeoutMs} ms: it hangs, or the network is cut`;
          return { server: name, role: 'unreachable', problem, isPassing: true };
        }
        const { message, cause } = translate(error, name) as DependencyDownError;
        return { server: name, role: 'unreachable', problem: message, isPassing: isPassing(cause ?? error) };
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      await connection?.end();
    },
  };
}

const readOnly = 'is read-only: it is the primary, and default_transaction_read_only is on there; turn it off';

async function schemaOf({ client }: Connection): Promise<string | undefined> {
  try {
    const { rows } = await client.query(`select name from ${migrationsTable} order by id`);
    return schemaProblem(rows.map(({ name }) => String(name)));
  } catch (error) {
    if (sqlStateOf(error) === '42P01') return schemaProblem([]);
    if (sqlStateOf(error) === '42501') return `does not show table ${migrationsTable} to its user: grant select on it`;
    throw error;
  }
}

/** Logins, names and certificates stay wrong until somebody changes them. */
function isPassing(error: unknown): boolean {
  const state = sqlStateOf(error) ?? '';
  const code = (error as { code?: unknown } | null)?.code;
  const isLogin = state.startsWith('28') || state === '3D000' || messageOf(error).startsWith('SASL:');
  return (
    !isLogin &&
    !/CERT|TLS|LEAF_SIGNATURE|ENOTFOUND/.test(String(code ?? '')) &&
    !/does not support SSL/.test(messageOf(error))
  );
}

/** Why nothing can be written, of all servers together. */
export function noPrimary(seen: readonly Seen[]): DependencyDownError {
  const reasons = seen.map((one) => one.problem ?? `The database ${one.server} is a replica`);
  return new DependencyDownError(`There is no primary to write to. ${reasons.join('. ')}.`);
}
