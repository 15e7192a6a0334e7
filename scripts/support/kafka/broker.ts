import type { Kafka } from 'kafkajs';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import { type Api, type Message, type Requests, requests } from 'kafkajs/src/protocol/requests/index.js';
import { type ClientOptions, kafkaClient } from '../../../functions/kafka/kafkajs/client.ts';
import { readEveryCodec } from './codecs.ts';

type ArgumentsOf<Name extends keyof Requests> = Parameters<ReturnType<Requests[Name]['protocol']>>[0];
type AnswerOf<Name extends keyof Requests> = Requests[Name] extends Api<infer _, infer Answer> ? Answer : never;

/** What of kafkajs' own broker is used here. */
interface InnerBroker {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  lookupRequest(apiKey: number, api: unknown): (args: unknown) => Message<unknown>;
  readonly connectionPool: {
    send(message: {
      request: unknown;
      response: { decode: unknown; parse: (data: unknown) => Promise<unknown> };
      requestTimeout: number;
    }): Promise<unknown>;
  };
}

interface InnerPool {
  createSeedBroker(): Promise<void>;
  readonly seedBroker: InnerBroker;
}

/** A connection to one broker, found by its address and by nothing else. */
export interface BrokerConnection {
  readonly address: string;
  /** How long the broker took to answer the first request. */
  readonly answeredInMs: number;
  /** Asks once, and gives the answer as it came: error codes inside it are for the caller to read. */
  ask<Name extends keyof Requests>(name: Name, args: ArgumentsOf<Name>, options?: AskOptions): Promise<AnswerOf<Name>>;
  /** The same with a request that kafkajs does not know. */
  askWith<Arguments, Answer>(
    apiKey: number,
    api: Api<Arguments, Answer>,
    args: Arguments,
    options?: AskOptions,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** How to ask. */
interface AskOptions {
  /** When the broker may take longer than 6 s. */
  readonly timeoutMs?: number;
}

export type Security = NonNullable<ClientOptions['security']>;

const connectTimeoutMs = 3_000;
const requestTimeoutMs = 6_000;

/** Connects to one broker, once. Rejects within about six seconds when it does not answer. */
export async function openBroker(address: string, security: Security): Promise<BrokerConnection> {
  readEveryCodec(); // of records that are asked for
  const kafka = kafkaClient({
    brokers: [address],
    clientId: 'hft-commands',
    connectionTimeoutMs: connectTimeoutMs,
    // Of the first request, which finds out what the broker knows; later ones bring their own.
    requestTimeoutMs: connectTimeoutMs,
    security,
  });
  const pool = poolOf(kafka);
  await pool.createSeedBroker();
  const broker = pool.seedBroker;
  const startedAt = performance.now();
  try {
    await broker.connect();
  } catch (error) {
    await broker.disconnect().catch(() => undefined);
    throw error;
  }
  // One at a time: two first fetches at once would each open a socket, and kafkajs would lose one of them, open.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    address,
    answeredInMs: Math.round(performance.now() - startedAt),
    // What kafkajs decodes for this request, as its declaration says.
    ask: (name, args, options) => inTurn(apiKeys[name], requests[name] as Api<typeof args, never>, args, options),
    askWith: inTurn,
    close: () => broker.disconnect(),
  };

  async function inTurn<Arguments, Answer>(
    apiKey: number,
    api: Api<Arguments, Answer>,
    args: Arguments,
    options?: AskOptions,
  ): Promise<Answer> {
    const previous = turn;
    const own = Promise.withResolvers<void>();
    turn = own.promise;
    await previous;
    try {
      const { request, response } = broker.lookupRequest(apiKey, api)(args) as Message<Answer>;
      const answer = await broker.connectionPool.send({
        request,
        response: { decode: response.decode, parse: async (data) => data },
        requestTimeout: options?.timeoutMs ?? requestTimeoutMs,
      });
      return answer as Answer;
    } finally {
      own.resolve();
    }
  }
}

/**
 * The pool inside a client. It is reached through the client so that there is one place that makes clients, and by the
 * description of kafkajs' own symbol since it exports no way to it.
 */
function poolOf(kafka: Kafka): InnerPool {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description?.endsWith('Kafka:createCluster'),
  );
  const createCluster: unknown = symbol && Reflect.get(kafka, symbol);
  if (typeof createCluster !== 'function') throw new Error('this version of kafkajs is not the one known here');
  return createCluster({ allowAutoTopicCreation: false }).brokerPool as InnerPool; // checked by the pinned version
}

/** Kafka's name of an error code, such as `LEADER_NOT_AVAILABLE`; undefined when there was none. */
export function errorName(code: number | undefined): string | undefined {
  return code ? createErrorFromCode(code).type : undefined;
}
