import Connection from 'kafkajs/src/network/connection.js';

/** A response that is on its way, and how much of it came. */
interface Incoming {
  readonly bytes: Buffer;
  filled: number;
}

const sizeBytes = 4;
/** Above the largest fetch: whoever announces more does not speak Kafka (an HTTP server seems to announce 1.2 GB). */
const maxResponseBytes = 268_435_456;
const incoming = new WeakMap<Connection, Incoming>();
const { processData, connect, disconnect } = Connection.prototype;

/**
 * kafkajs keeps all pieces of a response until the last has come and then joins them, so that it is in memory twice; and
 * it holds on to a response until the next one. Here each piece goes to its place when it comes, and is garbage.
 */
Connection.prototype.processData = function gather(this: Connection, piece: Buffer): void {
  const response = incoming.get(this);
  if (response === undefined) {
    processData.call(this, piece);
    if (this.bytesNeeded > sizeBytes && this.bytesNeeded <= maxResponseBytes) expect(this);
    else if (this.bytesBuffered === 0) this.chunks = [];
    return;
  }
  const used = Math.min(piece.length, response.bytes.length - response.filled);
  response.bytes.set(used === piece.length ? piece : piece.subarray(0, used), response.filled);
  response.filled += used;
  if (response.filled < response.bytes.length) return;
  incoming.delete(this);
  processData.call(this, response.bytes);
  this.chunks = [];
  if (used < piece.length) this.processData(piece.subarray(used));
};

/**
 * kafkajs would take what a broken connection left over for the beginning of what the next one brings. And it leaves
 * Nagle's algorithm on, as no other client does: the end of a request of several packets then waits until all before it
 * is acknowledged, which the other side may put off for 40 ms.
 */
Connection.prototype.connect = function connectAnew(this: Connection): Promise<unknown> {
  if (!this.isConnected()) {
    incoming.delete(this);
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = sizeBytes;
  }
  const connecting = connect.call(this);
  this.socket?.setNoDelay();
  return connecting;
};

/** kafkajs ends a socket that is dead already again and again, and each time Node adds a listener to it. */
Connection.prototype.disconnect = function disconnectOnce(this: Connection): Promise<unknown> {
  if (this.socket?.destroyed) this.socket.removeAllListeners('connect');
  return disconnect.call(this);
};

/** The size of the response is known: makes room for all of it. */
function expect(connection: Connection): void {
  const bytes = Buffer.allocUnsafeSlow(connection.bytesNeeded);
  let filled = 0;
  for (const chunk of connection.chunks) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  incoming.set(connection, { bytes, filled });
  connection.chunks = [];
  connection.bytesBuffered = 0;
}
