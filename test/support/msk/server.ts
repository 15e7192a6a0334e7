import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, errorAnswer, inputOf, type Operation, operationFor } from './model.ts';
import { type Fields, ModelViolation } from './shapes.ts';

/** An error of the service: its name and members as the model has them. */
export class ServiceError extends Error {
  readonly fields: Fields;
  constructor(name: string, message: string, invalidParameter?: string) {
    super(message);
    this.name = name;
    this.fields = {
      Message: message,
      ...(invalidParameter === undefined ? {} : { InvalidParameter: invalidParameter }),
    };
  }
}

/** Answers an operation from its input; a ServiceError is answered as one. */
export type Handler = (operation: string, input: Fields) => Promise<Fields> | Fields;

/** A call that came, in the model's terms. */
export interface Call {
  readonly operation: string;
  readonly input: Fields;
}

/** The stand-in, listening. */
export interface MskServer {
  /** For AWS_ENDPOINT_URL_KAFKA. */
  readonly endpoint: string;
  readonly calls: readonly Call[];
  /** What was asked or answered against the model: a test asserts that this stays empty. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

/** Listens on a free port of loopback, and speaks the service's model: what it does not allow is refused both ways. */
export async function startMskServer(handle: Handler): Promise<MskServer> {
  const calls: Call[] = [];
  const violations: string[] = [];
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      violations.push(error instanceof Error ? error.message : String(error));
      send(response, 500, 'InternalServerErrorException', { message: 'the stand-in failed' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    violations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const wire = {
      method: request.method ?? '',
      url: new URL(request.url ?? '', 'http://localhost'),
      body: Buffer.concat(chunks).toString(),
    };
    const found = operationFor(wire);
    try {
      if (!found) {
        violations.push(`no operation has ${wire.method} ${wire.url.pathname}`);
        throw new ServiceError('UnknownOperationException', 'no such operation');
      }
      checkSignature(request.headers.authorization);
      const input = inputOf(found.operation, found.labels, wire);
      calls.push({ operation: found.operation.name, input });
      const output = await handle(found.operation.name, input);
      send(response, found.operation.status, undefined, asAnswer(found.operation, output));
    } catch (error) {
      refuse(response, found?.operation, error);
    }
  }

  function refuse(response: ServerResponse, operation: Operation | undefined, error: unknown): void {
    if (error instanceof ModelViolation) violations.push(error.message);
    const refusal = error instanceof ModelViolation ? new ServiceError('BadRequestException', error.message) : error;
    if (!(refusal instanceof ServiceError)) throw error;
    const { status, body } = errorAnswer(operation, refusal.name, refusal.fields);
    send(response, status, refusal.name, body);
  }
}

/** What the model does not allow in an answer is a mistake of the stand-in, not of the request. */
function asAnswer(operation: Operation, output: Fields): unknown {
  try {
    return answer(operation, output);
  } catch (error) {
    throw error instanceof ModelViolation ? new Error(error.message) : error;
  }
}

/** Signature Version 4 for this service, by the scope of its credential. The signature itself is not computed again. */
function checkSignature(authorization: string | undefined): void {
  const scope = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[a-z0-9-]+\/kafka\/aws4_request, SignedHeaders=/;
  if (authorization && scope.test(authorization)) return;
  throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
}

function send(response: ServerResponse, status: number, errorType: string | undefined, body: unknown): void {
  const type = errorType === undefined ? {} : { 'x-amzn-errortype': errorType };
  response.writeHead(status, { 'content-type': 'application/json', ...type });
  response.end(JSON.stringify(body));
}
