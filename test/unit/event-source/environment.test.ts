import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEvent } from '../../../functions/hosts/lambda/testing.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { findRuntimeClient, type RuntimeClient, standInClient } from '../../../scripts/event-source/client.ts';
import { createEnvironment, type Environment, InitError } from '../../../scripts/event-source/environment.ts';
import { createPool } from '../../../scripts/event-source/pool.ts';

const handlers = fileURLToPath(new URL('../../fixtures/event-source/handlers.mjs', import.meta.url));
const broken = fileURLToPath(new URL('../../fixtures/event-source/broken.mjs', import.meta.url));
const clients: [name: string, client: RuntimeClient][] = [['the stand-in', standInClient()]];
// AWS's own is an optional package: where it could not be built, the command says so, and so does this list.
if (findRuntimeClient().genuine) clients.push(['the genuine client', findRuntimeClient()]);

const event = (...values: string[]) =>
  createEvent(values.map((value, offset) => createRecord({ topic: 't', offset, value })));

describe.each(clients)('under %s', (_name, client) => {
  const options = { client, env: { SLOW_MS: '1' }, timeoutMs: 20_000, initTimeoutMs: 60_000 };
  const start = async (exportName: string, more: object = {}): Promise<Environment> => {
    const environment = await createEnvironment({ ...options, bundle: handlers, exportName, ...more });
    onTestFinished(() => environment.close());
    return environment;
  };

  test('a function answers events one after the other, with what a Lambda has around it', {
    timeout: 90_000,
  }, async () => {
    const environment = await start('echo');
    const result = await environment.invoke(event('a'));
    if (result.kind !== 'response') throw new Error(result.error.errorMessage);
    const { event: got, context, env } = JSON.parse(result.payload);
    expect(got).toEqual(event('a'));
    expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.remainingMs).toBeGreaterThan(0);
    expect(env).toMatchObject({ _HANDLER: 'handlers.echo', AWS_LAMBDA_FUNCTION_NAME: 'echo', TZ: ':UTC' });
    expect((await environment.invoke(event('b'))).kind).toBe('response');
  });

  test('an error is told by its name and message, and the environment lives on', { timeout: 90_000 }, async () => {
    const environment = await start('strict');
    expect(await environment.invoke(event('poison 1'))).toMatchObject({
      kind: 'error',
      error: { errorType: 'TypeError', errorMessage: "cannot take 'poison 1'" },
    });
    expect((await environment.invoke(event('good'))).kind).toBe('response');
  });

  test('a handler that hangs is ended at its timeout, a process that ends is a crash', {
    timeout: 90_000,
  }, async () => {
    const hanging = await start('strict', { timeoutMs: 1_500 });
    expect(await hanging.invoke(event('hang'))).toMatchObject({ kind: 'timeout' });
    expect(hanging.alive).toBe(false);
    const ending = await start('strict');
    expect(await ending.invoke(event('exit'))).toMatchObject({ kind: 'crash' });
    expect(ending.alive).toBe(false);
  });

  test('what fails while it initialises is told in its own words', { timeout: 90_000 }, async () => {
    const failed = createEnvironment({ ...options, bundle: broken, exportName: 'handler' });
    await expect(failed).rejects.toThrow(InitError);
    const missing = createEnvironment({ ...options, bundle: handlers, exportName: 'nothing' });
    await expect(missing).rejects.toThrow(/nothing is undefined or not exported/);
  });

  test('a pool replaces what crashed, and starts as many as are needed at a time', { timeout: 120_000 }, async () => {
    const pool = await createPool({ ...options, bundle: handlers, exportName: 'strict' });
    onTestFinished(() => pool.close());
    expect(await pool.invoke(JSON.stringify(event('exit')))).toMatchObject({ kind: 'crash' });
    const both = await Promise.all([pool.invoke(JSON.stringify(event('a'))), pool.invoke(JSON.stringify(event('b')))]);
    expect(both.map(({ kind }) => kind)).toEqual(['response', 'response']);
    expect([pool.started, pool.alive]).toEqual([3, 2]);
  });
});
