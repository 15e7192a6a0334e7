import type { LeaderBroker } from 'kafkajs/src/cluster/index.js';
import { typeOf } from './failures.ts';

/** A request whose body is encoded already. */
export interface RawRequest {
  readonly api: { readonly key: number; readonly name: string };
  readonly version: number;
  readonly body: Buffer;
  /** When the broker may take longer than the client's usual timeout. */
  readonly timeoutMs?: number;
}

/**
 * Sends a request on a connection of kafkajs, which matches the answer to it and watches the time. What kafkajs does
 * itself copies the body twice, each time into a buffer that it doubles: a request of 512 KB left 2 MB of garbage.
 */
export async function sendRaw<Response extends { readonly throttleMs: number }>(
  broker: LeaderBroker,
  request: RawRequest,
  decode: (payload: Buffer) => Response,
): Promise<Response> {
  const { key: apiKey, name: apiName } = request.api;
  try {
    const connection = await broker.connectionPool.getConnectionByRequest({ request: { apiKey } });
    if (!connection.isAuthenticated()) await connection.authenticate();
    connection.failIfNotConnected();
    const correlationId = connection.nextCorrelationId();
    const head = encodeHead(request, correlationId, connection.clientId);
    const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
      connection.requestQueue.push({
        entry: { apiKey, apiName, apiVersion: request.version, correlationId, resolve, reject },
        expectResponse: true,
        requestTimeout: request.timeoutMs ?? null,
        sendRequest: () => {
          const { socket } = connection;
          socket.cork(); // one packet, not two
          socket.write(head);
          socket.write(request.body);
          socket.uncork();
        },
      });
    });
    const response = decode(payload);
    connection.requestQueue.maybeThrottle(response.throttleMs);
    return response;
  } catch (error) {
    if (typeOf(error) === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

/** Size and header of a request. */
export function encodeHead({ api, version, body }: RawRequest, correlationId: number, clientId: string): Buffer {
  const idBytes = Buffer.byteLength(clientId);
  const head = Buffer.allocUnsafe(14 + idBytes);
  head.writeInt32BE(10 + idBytes + body.length, 0);
  head.writeInt16BE(api.key, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(idBytes, 12);
  head.write(clientId, 14, 'utf8');
  return head;
}
