import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
import { DependencyDownError } from '../runtime/errors.ts';
import { sqlStateOf, translate } from './errors.ts';
import { nameOf, type Server } from './servers.ts';

/** A connection to a server, which one transaction at a time has to itself. */
export interface Connection {
  /** `host:port`. */
  readonly server: string;
  readonly client: pg.Client;
  /** Whether it is of no use any more. */
  readonly isBroken: boolean;
  /** When it was last given back, milliseconds since the epoch. */
  restedAtMs: number;
  /** Is of no use from now on: asks the server to give up what it does for us, and lets go once that has been heard. */
  abandon(): void;
  /** Lets go at once; whatever is under way fails. */
  destroy(): void;
  /** Says good-bye first, when nothing is under way. */
  end(): Promise<void>;
}

const int8 = 20;
const date = 1082;

/** Offsets and counts are numbers, days are text: a Date would be midnight somewhere else. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (oid === int8) return Number;
    if (oid === date) return (value) => value;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

/**
 * Connects, and logs in.
 * @throws DependencyDownError with the reason, which names no credentials
 */
export async function openConnection(server: Server, timeoutMs: number): Promise<Connection> {
  const name = nameOf(server);
  const client = new pg.Client({
    ...{ host: server.host, port: server.port, user: server.user, database: server.database },
    password: () => server.password ?? '',
    ssl: tlsOptions(server),
    connectionTimeoutMillis: timeoutMs,
    application_name: 'hft-engine',
    keepAlive: true,
    types: types as pg.CustomTypesConfig,
  });
  let isBroken = false;
  // Between two statements nobody else hears of a lost connection; without a listener it would end the process.
  client.on('error', () => {
    isBroken = true;
  });
  client.once('end', () => {
    isBroken = true;
  });
  const socket = (): { destroy(): void } =>
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
  try {
    await client.connect();
  } catch (error) {
    socket().destroy();
    if (error instanceof Error && error.message === 'timeout expired') {
      throw new DependencyDownError(
        `The database ${name} does not answer within ${timeoutMs} ms: it hangs, or a firewall swallows what is sent`,
        error,
      );
    }
    if (sqlStateOf(error)?.startsWith('28')) server.refused?.();
    throw translate(error, name);
  }
  return {
    server: name,
    client,
    restedAtMs: Date.now(),
    get isBroken() {
      return isBroken;
    },
    abandon() {
      isBroken = true;
      // Not before: a pooler does not know any more whose request it is when the connection is gone.
      sendCancel(server, client, timeoutMs, () => socket().destroy());
    },
    destroy() {
      isBroken = true;
      socket().destroy();
    },
    async end() {
      isBroken = true;
      // A server that hangs never closes its side.
      const timer = setTimeout(() => socket().destroy(), 1_000);
      await client.end().catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

function tlsOptions({ tls: { mode, caFile } }: Server): pg.ClientConfig['ssl'] {
  if (mode === 'disable') return false;
  if (mode === 'no-verify') return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** The protocol's own request: on a connection of its own, by the numbers that the server gave at the login. */
function sendCancel({ host, port }: Server, client: pg.Client, timeoutMs: number, sent: () => void): void {
  const { processID, secretKey } = client as unknown as { processID: number | null; secretKey: number | null };
  if (processID === null || secretKey === null) {
    sent();
    return;
  }
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(value, index * 4);
  const socket = connect({ host, port, timeout: timeoutMs });
  socket.on('error', () => undefined);
  socket.once('close', sent);
  socket.once('timeout', () => socket.destroy());
  // It is heard once the other side closes. A pooler that finds our side closed before drops the request, or worse.
  socket.once('end', () => socket.destroy()).resume();
  socket.once('connect', () => socket.write(request));
  socket.unref();
}
