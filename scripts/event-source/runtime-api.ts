import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error as a runtime client reports it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace: readonly string[];
}

/** One call of the function, as the Runtime API hands it out. */
export interface Invocation {
  readonly requestId: string;
  readonly body: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
}

/** What a runtime client does. */
export interface RuntimeListener {
  /** It asks for work: its initialisation, or the invocation before, is over. */
  next(): void;
  answered(requestId: string, body: string): void;
  failed(requestId: string, error: FunctionError): void;
  initFailed(error: FunctionError): void;
}

/** The Runtime API of one execution environment, on a loopback port of its own. */
export interface RuntimeApi {
  /** `host:port`, for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  offer(invocation: Invocation): void;
  close(): void;
}

const root = '/2018-06-01/runtime/';
const invocationPath = /^invocation\/([^/]+)\/(response|error)$/;

/** Serves the parts of the Lambda Runtime API, version 2018-06-01, that a runtime client uses. */
export async function serveRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  let offered: Invocation | undefined;

  function handOut(): void {
    if (waiting === undefined || offered === undefined) return;
    const { requestId, body, deadlineMs, functionArn } = offered;
    waiting.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': String(deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn': functionArn,
      'Lambda-Runtime-Trace-Id': `Root=1-${Math.floor(deadlineMs / 1_000).toString(16)}-${'0'.repeat(24)};Sampled=0`,
    });
    waiting.end(body);
    waiting = undefined;
    offered = undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.startsWith(root) ? request.url.slice(root.length) : '';
    if (request.method === 'GET' && path === 'invocation/next') {
      waiting = response;
      listener.next();
      handOut();
      return;
    }
    const body = await textOf(request);
    const [, id = '', kind] = invocationPath.exec(path) ?? [];
    if (request.method !== 'POST' || (kind === undefined && path !== 'init/error')) {
      response.writeHead(404).end();
      return;
    }
    // What comes of the invocation is known only once the client has been told that it was taken.
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}\n');
    if (kind === 'response') listener.answered(decodeURIComponent(id), body);
    else if (kind === 'error') listener.failed(decodeURIComponent(id), parseError(body));
    else listener.initFailed(parseError(body));
  }

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    offer(invocation) {
      offered = invocation;
      handOut();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parseError(body: string): FunctionError {
  try {
    const { errorType = 'Unknown', errorMessage = '', stackTrace, trace } = JSON.parse(body);
    return { errorType, errorMessage, stackTrace: stackTrace ?? trace ?? [] };
  } catch {
    return { errorType: 'Unknown', errorMessage: body, stackTrace: [] };
  }
}
