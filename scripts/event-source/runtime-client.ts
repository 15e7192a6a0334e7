/**
 * Stands in for the package `aws-lambda-ric` where that cannot be built: the same handler rules, errors and endings, over
 * plain HTTP. Run as a process, it is the function's execution environment. It leaves out response streaming.
 */
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api = '', _HANDLER: handlerName = '', LAMBDA_TASK_ROOT: taskRoot = '' } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

type Handler = (event: unknown, context: unknown) => unknown;

class HandlerNotFound extends Error {}

async function call(method: string, path: string, body?: string): Promise<{ headers: Headers; body: string }> {
  const [host, port] = api.split(':');
  return await new Promise((done, failed) => {
    const sent = request(
      {
        host,
        port,
        method,
        path: `/2018-06-01/runtime/${path}`,
        agent,
        headers: body ? { 'Content-Type': 'application/json' } : {},
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () =>
          done({
            headers: new Headers(response.headers as Record<string, string>),
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', failed).end(body);
  });
}

async function load(): Promise<Handler> {
  const [, file = '', name = ''] = /^([^.]*)\.(.*)$/.exec(basename(handlerName)) ?? [];
  const path = resolve(taskRoot, dirname(handlerName), file);
  const found = ['', '.js', '.mjs', '.cjs'].map((extension) => path + extension).find(existsSync);
  if (found === undefined) throw new HandlerNotFound(`Cannot find module '${file}'`);
  const handler = (await import(pathToFileURL(found).href))[name];
  if (typeof handler !== 'function') throw new HandlerNotFound(`${handlerName} is undefined or not exported`);
  if (handler.length >= 3)
    throw new HandlerNotFound('ERROR: AWS Lambda has removed support for callback-based function handlers');
  return handler;
}

function describe(error: unknown): string {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  const errorType = error instanceof HandlerNotFound ? 'Runtime.HandlerNotFound' : error.name;
  return JSON.stringify({ errorType, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] });
}

async function serve(handler: Handler): Promise<never> {
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    const requestId = headers.get('lambda-runtime-aws-request-id') ?? '';
    const deadline = Number(headers.get('lambda-runtime-deadline-ms'));
    const { AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE } = process.env;
    const context = {
      functionName: AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      invokedFunctionArn: headers.get('lambda-runtime-invoked-function-arn'),
      awsRequestId: requestId,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      const result = await handler(JSON.parse(body), context);
      await call('POST', `invocation/${requestId}/response`, JSON.stringify(result === undefined ? null : result));
    } catch (error) {
      await call('POST', `invocation/${requestId}/error`, describe(error));
    }
  }
}

let handler: Handler;
try {
  handler = await load();
} catch (error) {
  await call('POST', 'init/error', describe(error));
  throw error;
}
await serve(handler);
