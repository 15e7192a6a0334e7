import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a pooler has seen. */
export interface Pooler {
  readonly port: number;
  /** How often clients, within their transactions, have waited for an answer: one by one, in order of their ends. */
  readonly exchanges: readonly number[];
  /** How many transactions each backend connection has had. */
  readonly transactions: readonly number[];
  close(): Promise<void>;
}

/** A backend connection, logged in; one transaction at a time has it. */
interface Backend {
  readonly socket: Socket;
  readonly index: number;
  /** Process and secret, for who wants to cancel. */
  readonly key: Buffer;
  take: (bytes: Buffer) => void;
}

/** How late answers arrive: whoever waits for one before going on is seen to. */
const delayMs = 15;

/**
 * A pooler in transaction mode, as far as matters to a client: each transaction of a connection goes to the next backend
 * connection, and nothing is put in order in between. It logs in without a password, which the server has to allow.
 */
export async function startPooler(
  server: { port: number; user: string; database: string },
  size: number,
): Promise<Pooler> {
  const idle: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const exchanges: number[] = [];
  const transactions: number[] = Array.from({ length: size }, () => 0);
  const sockets = new Set<Socket>();
  for (let index = 0; index < size; index += 1) idle.push(await openBackend(server, index));

  const give = (backend: Backend): void => {
    const next = waiting.shift();
    if (next) next(backend);
    else idle.push(backend);
  };
  const takeBackend = async (): Promise<Backend> =>
    idle.shift() ?? (await new Promise<Backend>((resolve) => waiting.push(resolve)));

  /** What each client that is there holds, by its number. */
  const held = new Map<number, () => Backend | undefined>();

  /** A request on a connection of its own. It is looked at a little later, and dropped when nobody waits for it, as PgBouncer does. */
  function cancel(asker: Socket, client: number): void {
    let isGone = false;
    asker.once('end', () => {
      isGone = true;
    });
    setTimeout(() => {
      const backend = held.get(client)?.();
      if (backend && !isGone) {
        const request = Buffer.concat([Buffer.from([0, 0, 0, 16, 4, 210, 22, 46]), backend.key]);
        connect(server.port, '127.0.0.1').end(request);
      }
      asker.end();
    }, delayMs);
  }

  let clients = 0;
  function serve(client: Socket): void {
    sockets.add(client);
    client.on('error', () => undefined);
    let backend: Backend | undefined;
    clients += 1;
    const number = clients;
    held.set(number, () => backend);
    client.once('close', () => held.delete(number));
    let asked = 0; // answers that end with ReadyForQuery and are still to come
    let turns = 0;
    let isClientsTurn = true;
    let work: Promise<void> = Promise.resolve();

    const answer = splitter((type, message) => {
      const isReady = type === 'Z';
      if (isReady) asked -= 1;
      const isOver = isReady && asked === 0 && message.toString('latin1', 5, 6) === 'I';
      const holder = backend;
      if (isOver && holder) {
        backend = undefined;
        exchanges.push(turns);
        transactions[holder.index] = (transactions[holder.index] ?? 0) + 1;
        turns = 0;
        give(holder);
      }
      setTimeout(() => {
        isClientsTurn = true;
        client.write(message);
      }, delayMs);
    });

    let isStarted = false;
    const ask = splitter((type, message) => {
      if (type === 'X') return;
      if (type === 'S' || type === 'Q') asked += 1;
      if (isClientsTurn) turns += 1;
      isClientsTurn = false;
      work = work.then(async () => {
        if (backend === undefined) {
          backend = await takeBackend();
          backend.take = answer;
        }
        backend.socket.write(message);
      });
    });
    client.on('data', (bytes) => {
      if (isStarted) return ask(bytes);
      isStarted = true;
      if (bytes.readInt32BE(4) === 80_877_102) return cancel(client, bytes.readInt32BE(8));
      // Whoever it is, is let in.
      client.write(Buffer.concat([welcome('R', [0, 0, 0, 0]), welcome('K', [0, 0, 0, number, 0, 0, 0, 1]), ready]));
    });
  }

  const listener = createServer(serve);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    exchanges,
    transactions,
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const { socket } of idle) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

async function openBackend(server: { port: number; user: string; database: string }, index: number): Promise<Backend> {
  const socket = connect(server.port, '127.0.0.1');
  socket.setNoDelay(true);
  const parameters = Buffer.from(`user\0${server.user}\0database\0${server.database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length);
  head.writeInt32BE(196_608, 4);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const key = Buffer.alloc(8);
  const backend: Backend = {
    ...{ socket, index, key },
    take: splitter((type, message) => {
      if (type === 'K') message.copy(key, 0, 5);
      if (type === 'Z') resolve();
      if (type === 'E') reject(new Error(message.toString()));
    }),
  };
  socket.on('data', (bytes) => backend.take(bytes));
  socket.on('error', reject);
  socket.write(Buffer.concat([head, parameters]));
  await promise;
  return backend;
}

function welcome(type: string, body: readonly number[]): Buffer {
  const message = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0, ...body]);
  message.writeInt32BE(4 + body.length, 1);
  return message;
}

const ready = welcome('Z', ['I'.charCodeAt(0)]);

/** Calls for each whole message of a stream: its type, and all its bytes. */
function splitter(each: (type: string, message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= 5) {
      const end = 1 + rest.readInt32BE(1);
      if (rest.length < end) return;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      each(String.fromCharCode(message[0] ?? 0), message);
    }
  };
}
