import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { type BrokerPorts, brokerIds } from './layout.ts';

// Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere): there,
// a client that retries a killed broker can be given the broker's own port, and connects to itself.
const lowest = 20_000;
const highest = 32_000;

/** Whether nobody listens on this loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A random free port (random, so that clusters which start at the same moment rarely meet). */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port found on 127.0.0.1 between ${lowest} and ${highest}`);
}

/**
 * The ports of all brokers: those of the last start where they are still free, so that bootstrap servers stay what
 * they were, else new ones.
 */
export async function choosePorts(
  previous: readonly BrokerPorts[] = [],
  { outside = false, secure = false }: { readonly outside?: boolean; readonly secure?: boolean } = {},
): Promise<BrokerPorts[]> {
  const taken = new Set(
    previous.flatMap(({ port, controllerPort, insidePort = port }) => [port, controllerPort, insidePort]),
  );
  const choose = async (wanted: number | undefined): Promise<number> => {
    if (wanted !== undefined && (await isFree(wanted))) return wanted;
    const port = await freePort(taken);
    taken.add(port);
    return port;
  };
  const chosen: BrokerPorts[] = [];
  for (const id of brokerIds) {
    const before = previous.find((broker) => broker.id === id);
    chosen.push({
      ...{ id, port: await choose(before?.port), controllerPort: await choose(before?.controllerPort) },
      ...(secure ? { insidePort: await choose(before?.insidePort) } : {}),
      ...(outside ? { outside: { port: await choose(undefined), advertisedPort: await choose(undefined) } } : {}),
    });
  }
  return chosen;
}
