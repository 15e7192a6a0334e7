import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where a proxy listens, and the broker behind it. */
export interface ProxiedBroker {
  readonly id: number;
  readonly listenPort: number;
  readonly brokerPort: number;
}

/** What happens to the packets of one client, or about one topic, both ways, until it is lifted. */
export interface Trouble {
  /** What its connections say that they are (`named.mjs`), or the client id of its requests (default: all clients). */
  readonly client?: string;
  /** Only connections that write to this topic: those on which its name is sent from now on. */
  readonly topic?: string;
  /** Between it and these brokers only (default: all). */
  readonly brokers?: readonly number[];
  /** Packets come so much later; Infinity: they do not come before the trouble is over. */
  readonly delayMs: number;
}

/** A proxy in front of each broker: a network that can be made to fail for one client. */
export interface Network {
  readonly bootstrapServers: readonly string[];
  /**
   * Begins a trouble; what it returns ends it, and everything that was held up arrives.
   * @throws when its client has no connection: nothing would happen
   */
  trouble(trouble: Trouble): () => void;
  /** Resets all connections of a client; throws when it has none. */
  reset(client: string): void;
  close(): Promise<void>;
}

interface Link {
  readonly broker: number;
  readonly ends: readonly [Pipe, Pipe];
  /** Known once the first request came: until then nothing is wrong with it. */
  client: string | undefined;
  /** The troubled topics that were named on it. */
  readonly topics: Set<string>;
}

/** One way of a link. */
interface Pipe {
  readonly from: Socket;
  readonly to: Socket;
  readonly held: { readonly atMs: number; readonly bytes: Buffer }[];
  /** Nothing more comes from there; told to the other side only after what is held. */
  ended: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Beyond this a held-up sender is not read from any more, as when windows are full. */
const mostHeld = 200;
/** Of a connection that says whose it is; as the size of a request it would be more than a broker takes. */
const preamble = Buffer.from('hft-client:');

export async function openNetwork(brokers: readonly ProxiedBroker[]): Promise<Network> {
  const links = new Set<Link>();
  const troubles = new Set<Trouble>();
  const servers = await Promise.all(
    brokers.map(async ({ id, listenPort, brokerPort }): Promise<Server> => {
      // Half open: an end of one side must not be answered before it went through.
      const server = createServer({ allowHalfOpen: true }, (client) =>
        accept(id, client, connect({ port: brokerPort, host: '127.0.0.1', allowHalfOpen: true })),
      );
      server.listen(listenPort, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );

  const delayOf = ({ client, broker, topics }: Link): number => {
    const found = [...troubles].filter(
      (one) =>
        client !== undefined &&
        (one.client === undefined || one.client === client) &&
        (one.topic === undefined || topics.has(one.topic)) &&
        (one.brokers === undefined || one.brokers.includes(broker)),
    );
    return Math.max(0, ...found.map(({ delayMs }) => delayMs));
  };

  function accept(broker: number, client: Socket, server: Socket): void {
    const pipe = (from: Socket, to: Socket): Pipe => ({ from, to, held: [], ended: false, timer: undefined });
    const [up, down] = [pipe(client, server), pipe(server, client)];
    const link: Link = { broker, ends: [up, down], client: undefined, topics: new Set() };
    links.add(link);
    for (const one of link.ends) {
      one.from.setNoDelay(true);
      one.from.on('data', (bytes: Buffer) => {
        const rest = one === up ? learn(link, bytes) : bytes;
        if (rest.length > 0) one.held.push({ atMs: Date.now(), bytes: rest });
        if (one.held.length > mostHeld) one.from.pause();
        pass(link, one);
      });
      one.from.on('error', () => undefined);
      const end = (): void => {
        one.ended = true;
        pass(link, one);
      };
      one.from.once('end', end);
      one.from.once('close', () => {
        end();
        if (client.destroyed && server.destroyed) links.delete(link);
      });
    }
  }

  /** Returns what goes on to the broker. */
  function learn(link: Link, bytes: Buffer): Buffer {
    const named = link.client === undefined && bytes.subarray(0, preamble.length).equals(preamble);
    const end = named ? bytes.indexOf('\n') : -1;
    if (end > 0) link.client = bytes.toString('latin1', preamble.length, end);
    const request = bytes.subarray(end + 1);
    link.client ??= clientIdOf(request);
    for (const { topic } of troubles) if (topic !== undefined && request.includes(topic)) link.topics.add(topic);
    return request;
  }

  function linksOf(client: string): Link[] {
    const found = [...links].filter((link) => link.client === client);
    if (found.length === 0) throw new Error(`'${client}' has no connection through the proxies: nothing would happen`);
    return found;
  }

  /** Lets through what is due. */
  function pass(link: Link, pipe: Pipe): void {
    clearTimeout(pipe.timer);
    pipe.timer = undefined;
    const delayMs = delayOf(link);
    for (;;) {
      const [next] = pipe.held;
      if (next === undefined) break;
      const waitMs = next.atMs + delayMs - Date.now();
      if (waitMs > 0) {
        if (Number.isFinite(waitMs)) pipe.timer = setTimeout(() => pass(link, pipe), waitMs);
        return;
      }
      pipe.held.shift();
      pipe.to.write(next.bytes);
    }
    if (pipe.from.isPaused()) pipe.from.resume();
    // Whether a connection was closed is not heard through a cut either.
    if (pipe.ended && Number.isFinite(delayMs)) pipe.to.end();
  }

  const passAll = (): void => {
    for (const link of links) for (const pipe of link.ends) pass(link, pipe);
  };

  return {
    bootstrapServers: brokers.map(({ listenPort }) => `127.0.0.1:${listenPort}`),
    trouble(trouble) {
      if (trouble.client !== undefined) linksOf(trouble.client);
      troubles.add(trouble);
      return () => {
        troubles.delete(trouble);
        passAll();
      };
    },
    reset(client) {
      for (const link of linksOf(client)) for (const { from } of link.ends) from.resetAndDestroy();
    },
    async close() {
      for (const link of links) for (const { from } of link.ends) from.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Of a request's header: size, API key, version, correlation id, and then the client id with its length before it. */
function clientIdOf(request: Buffer): string | undefined {
  if (request.length < 14) return undefined;
  const length = request.readInt16BE(12);
  return length < 0 ? undefined : request.toString('utf8', 14, 14 + length);
}
