import BrokerPool from 'kafkajs/src/cluster/brokerPool.js';
import { KafkaJSBrokerNotFound, KafkaJSConnectionError, KafkaJSRequestTimeoutError } from 'kafkajs/src/errors.js';
import Connection from 'kafkajs/src/network/connection.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { encodeHead } from './raw-request.ts';

/**
 * A broker that hangs keeps its connections, and even takes new ones, since its kernel does. Each request to it would
 * wait for its timeout, one after the other, and what asks any broker for the leaders would ask it as well. So a broker
 * that leaves a request unanswered is asked something trivial, on a connection of its own; when it does not answer that
 * either it is silent: what it was asked fails at once, nothing more is asked of it, others are asked for the leaders. It is
 * asked again until it answers. A slow request alone says nothing: a join waits for the whole group.
 */
const doubtAfterMs = 4_000;
const answerWithinMs = 4_000;
const refusalPauseMs = 100;
const lookMs = 100;
const fetchKey = 1;
/** Metadata, FindCoordinator. */
const lookUpKeys = [3, 10];
const versionsApi = { key: 18, name: 'ApiVersions' };

type Broker = BrokerPool['seedBroker'];

interface Doubt {
  silent: boolean;
  /** Somebody wanted something of it since it was asked last. */
  wanted: boolean;
}

const doubts = new Map<string, Doubt>();
const connections = new WeakMap<RequestQueue, Connection>();
const { connect } = Connection.prototype;
const { push } = RequestQueue.prototype;

function isSilent(address: string): boolean {
  const doubt = doubts.get(address);
  if (doubt?.silent) doubt.wanted = true;
  return doubt?.silent === true;
}

const silence = (address: string): string => `Broker ${address} answers nothing`;

/** Asks until it answers, or is gone, or nobody wants anything of it. */
function ask(connection: Connection, doubt: Doubt): void {
  const { host, port, ssl, clientId, broker } = connection;
  const settled = (): void => {
    clearTimeout(timer);
    doubts.delete(broker);
    socket.destroy();
  };
  const request = encodeHead({ api: versionsApi, version: 0, body: Buffer.alloc(0) }, 1, clientId);
  const socket = connection.socketFactory({ host, port, ssl, onConnect: () => socket.write(request) });
  for (const event of ['data', 'error', 'close'] as const) socket.on(event, settled);
  // What came while this process stood still is read before it is judged.
  const timer = setTimeout(() => setImmediate(late), answerWithinMs);
  function late(): void {
    if (!doubts.has(broker)) return;
    socket.removeAllListeners('close').destroy();
    if (doubt.silent && !doubt.wanted) return void doubts.delete(broker);
    Object.assign(doubt, { silent: true, wanted: false });
    ask(connection, doubt);
  }
}

Connection.prototype.connect = async function connectUnlessSilent(this: Connection): Promise<unknown> {
  connections.set(this.requestQueue, this);
  if (!this.isConnected() && isSilent(this.broker)) {
    await pause();
    throw new KafkaJSConnectionError(silence(this.broker));
  }
  return connect.call(this);
};

RequestQueue.prototype.push = function pushUnlessSilent(this: RequestQueue, request): void {
  if (isSilent(this.broker)) void pause().then(() => request.entry.reject(timeout(this.broker)));
  else push.call(this, request);
};

/** In place of kafkajs' own, which knows only the timeout of each request. */
RequestQueue.prototype.scheduleRequestTimeoutCheck = function watch(this: RequestQueue): void {
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(() => {
    if (this.inflight.size > 0 && isSilent(this.broker)) this.rejectAll(timeout(this.broker));
    for (const request of this.inflight.values()) {
      const waitedMs = Date.now() - request.sentAt;
      if (waitedMs > request.requestTimeout) request.timeoutRequest();
      else if (waitedMs > doubtAfterMs && !doubts.has(this.broker)) begin(this);
    }
    if (!this.isConnected()) this.destroy();
  }, lookMs);
};

function begin(queue: RequestQueue): void {
  const connection = connections.get(queue);
  if (connection === undefined) return;
  const doubt: Doubt = { silent: false, wanted: false };
  doubts.set(queue.broker, doubt);
  ask(connection, doubt);
}

/**
 * A broker works on one request of a connection at a time. What asks for leaders would wait for a produce request, or a
 * commit, that waits for a replica that hangs; so it goes the way of fetches then, which are answered soon.
 */
ConnectionPool.prototype.getConnectionByRequest = function unheld(this: ConnectionPool, { request: { apiKey } }) {
  const isHeld = lookUpKeys.includes(apiKey) && this.pool[0].requestQueue.inflight.size > 0;
  return this.getConnection(apiKey === fetchKey || isHeld ? 1 : 0);
};

/** In place of kafkajs' own, which takes any that is connected. */
BrokerPool.prototype.findConnectedBroker = async function find(this: BrokerPool): Promise<Broker> {
  const found = await this.withBroker(({ broker }) => Promise.resolve(broker)).catch(() => null);
  if (found !== null) return found;
  // None is known yet, or none of them takes a connection: they may have moved.
  await this.connect();
  return this.seedBroker;
};

/** In any order, but those in doubt, and those without a connection, come last. */
BrokerPool.prototype.withBroker = async function withBroker<Found>(
  this: BrokerPool,
  use: (found: { nodeId: string; broker: Broker }) => Promise<Found>,
): Promise<Found | null> {
  const cost = (broker: Broker): number =>
    Math.random() + (broker.isConnected() ? 0 : 1) + (doubts.has(broker.brokerAddress) ? 2 : 0);
  // Who asked learns the brokers then.
  if (Object.keys(this.brokers).length === 0) throw new KafkaJSBrokerNotFound('No brokers in the broker pool');
  const candidates = Object.entries(this.brokers).map(([nodeId, broker]) => ({ nodeId, cost: cost(broker) }));
  for (const { nodeId } of candidates.sort((left, right) => left.cost - right.cost)) {
    try {
      return await use({ nodeId, broker: await this.findBroker({ nodeId }) });
    } catch {
      // The next one may know.
    }
  }
  return null;
};

function timeout(address: string): Error {
  return new KafkaJSRequestTimeoutError(silence(address));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, refusalPauseMs));
}
