import { DependencyDownError, EngineError, messageOf, RetryableError } from '../runtime/errors.ts';

/**
 * A statement was refused for what it says or carries: data that does not fit (class 22), a constraint (23), its own text.
 * Trying it again gives the same. Caught by who wants to leave out one bad row; else its records are dead letters.
 */
export class QueryError extends EngineError {
  /** The five characters of the SQL standard, such as 23505. */
  readonly sqlState: string;
  readonly constraint: string | undefined;
  readonly column: string | undefined;

  constructor(message: string, sqlState: string, place: { constraint?: string; column?: string }, cause?: unknown) {
    super('HANDLER_FAILED', message, { cause });
    this.sqlState = sqlState;
    this.constraint = place.constraint;
    this.column = place.column;
  }

  /** Whether it is the data: one row may be at fault, and others sound. */
  get isData(): boolean {
    return this.sqlState.startsWith('22') || this.sqlState.startsWith('23');
  }
}

/** What is wrong with a server, by SQLSTATE, and what to do. States that end in `*` stand for their class. */
const serverTrouble: Readonly<Record<string, string>> = {
  '25006': 'is read-only: it is a replica, or was set so; the primary is looked for among all servers that are named',
  '28*': 'refuses the login: check user and password in DATABASE_URL, and pg_hba.conf of the server',
  '3D000': 'has no such database: name one that exists in DATABASE_URL, or create it',
  '3F000': 'lacks a schema that is needed: run npm run database -- migrate',
  '42P01': 'lacks a table that is needed: run npm run database -- migrate',
  '42883': 'lacks a function that is needed: run npm run database -- migrate',
  '42501': 'does not permit this: grant the user of DATABASE_URL the rights on the tables',
  '53100': "has no room on its disk: free some, or drop old days with 'npm run database -- partitions'",
  '53200': 'is out of memory: lower its load, or give it more',
  '53300': 'has no connection left: lower DATABASE_POOL_SIZE or the number of instances, or raise max_connections',
  '53*': 'is short of resources: see its log',
  '55P03': 'did not give a lock in time: look for a long transaction, or raise DATABASE_LOCK_TIMEOUT_MS',
  '57014': 'did not finish in time: look at its load, or raise DATABASE_STATEMENT_TIMEOUT_MS',
  '57*': 'is shutting down or starting up: it is waited for',
  '58*': 'had trouble with its system: see its log',
  '08*': 'lost the connection: it is waited for',
  XX000: 'had an internal error: see its log',
};

/** Codes of the operating system and of TLS, which say that a server was not reached. */
const connectionTrouble: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'takes no connections: is it running, and are host and port right?',
  ENOTFOUND: 'is not known by that name: check the host in DATABASE_URL and DATABASE_REPLICA_URLS',
  EAI_AGAIN: 'cannot be looked up now: check the name service',
  ETIMEDOUT: 'does not answer in time: check the network, and that it is not hung',
  EHOSTUNREACH: 'cannot be reached: check the network',
  ENETUNREACH: 'cannot be reached: check the network',
  ECONNRESET: 'closed the connection: it is waited for',
  EPIPE: 'closed the connection: it is waited for',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate of another name: use that name, or sslmode=verify-ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a certificate of an authority that is not trusted: name it with sslrootcert',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate of an authority that is not trusted: name it with sslrootcert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'shows a certificate of an authority that is not trusted: name it with sslrootcert',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'shows a certificate of an authority that is not trusted: name it with sslrootcert',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired: renew it',
};

/** What pg says itself, with no code. */
const clientTrouble: readonly (readonly [start: string, trouble: string])[] = [
  ['SASL:', 'refuses the login: check user and password in DATABASE_URL'],
  ['The server does not support SSL', 'speaks no TLS: turn it on there, or set sslmode=disable in the URL'],
  ['Connection terminated', 'closed the connection: it is waited for'],
  ['Client has encountered a connection error', 'closed the connection: it is waited for'],
];

/** The fields of an error of the server or of a socket, whichever it is. */
interface Fields {
  readonly code: string;
  readonly constraint?: string;
  readonly column?: string;
}

function fieldsOf(thrown: unknown): Fields {
  const { code, constraint, column } = thrown as { code?: unknown; constraint?: unknown; column?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(typeof column === 'string' ? { column } : {}),
  };
}

/** The SQLSTATE of an error of the server; undefined when it came from anywhere else. */
export function sqlStateOf(thrown: unknown): string | undefined {
  const code = thrown instanceof QueryError ? thrown.sqlState : thrown instanceof Error ? fieldsOf(thrown).code : '';
  return /^[0-9A-Z]{5}$/.test(code) && !(code in connectionTrouble) ? code : undefined;
}

/**
 * What an error of the client means to a handler. `server` is `host:port`: it stands in the message, credentials never do,
 * since nothing of what the client was given is repeated.
 */
export function translate(thrown: unknown, server: string): Error {
  if (thrown instanceof EngineError) return thrown;
  if (!(thrown instanceof Error)) return new DependencyDownError(`The database ${server} failed`, thrown);
  const { code, ...place } = fieldsOf(thrown);
  const state = sqlStateOf(thrown);
  if (state === '40001' || state === '40P01') {
    return new RetryableError(`The database ${server} gave up a transaction for another (${state})`, thrown);
  }
  // A check that has no name is that of a partition: no row is at fault, the tables are.
  if (state === '23514' && place.constraint === undefined) {
    const remedy = 'has no partition for a day: run npm run database -- partitions';
    return new DependencyDownError(`The database ${server} ${remedy} (${state})`, thrown);
  }
  const trouble = connectionTrouble[code] ?? serverTrouble[code] ?? serverTrouble[`${code.slice(0, 2)}*`];
  if (trouble !== undefined) return new DependencyDownError(`The database ${server} ${trouble} (${code})`, thrown);
  if (state !== undefined) {
    return new QueryError(`The database refused a statement: ${firstLine(thrown)} (${state})`, state, place, thrown);
  }
  const said = clientTrouble.find(([start]) => thrown.message.startsWith(start))?.[1];
  return new DependencyDownError(`The database ${server} ${said ?? `cannot be used: ${firstLine(thrown)}`}`, thrown);
}

/** Of the message the first line: details of the server hold whole rows. */
function firstLine(error: Error): string {
  return messageOf(error).split('\n', 1)[0]?.slice(0, 300) ?? '';
}
