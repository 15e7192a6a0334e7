import { kafkajsPort } from '../../kafka/kafkajs/port.ts';
import type { FunctionDefinition } from '../../runtime/contract.ts';
import { messageOf, StartupError } from '../../runtime/errors.ts';
import { createLogger } from '../../runtime/log.ts';
import { readSettings } from '../../runtime/read-settings.ts';
import { clientOptions } from '../shared/client-options.ts';
import { createFunctionHost, type FunctionHost } from './host.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the runtime client calls. Two parameters: one with three is taken for the callback style, and refused. */
export type LambdaHandler = FunctionHost;

/**
 * The handler of a function. Under the service, settings are read while the environment initialises, so that wrong ones
 * fail its deployment and not its first batch; imported anywhere else, they are read at the first call.
 * @throws StartupError with every wrong setting, in an environment that was made for this function
 */
export function lambdaHandler<Resources>(
  definition: FunctionDefinition<Resources>,
  digest: () => string,
  env: Environment = process.env,
): LambdaHandler {
  let host: FunctionHost | undefined;
  if (isInitialising(definition.name, env)) host = initialise(definition, digest(), env);
  return (event, context) => {
    host ??= initialise(definition, digest(), env);
    return host(event, context);
  };
}

/** The service names the handler as `<file>.<export>`. */
function isInitialising(name: string, env: Environment): boolean {
  return env.AWS_LAMBDA_RUNTIME_API !== undefined && env._HANDLER?.split('.').at(-1) === name;
}

function initialise<Resources>(
  definition: FunctionDefinition<Resources>,
  digest: string,
  env: Environment,
): FunctionHost {
  const settings = readSettings(env, definition.checkSettings);
  const log = createLogger(settings.logLevel, { function: definition.name });
  // A promise that a handler forgot: its record is accounted for already, and the environment lives on.
  process.on('unhandledRejection', (reason) => log.error({ error: messageOf(reason) }, 'Unhandled rejection'));
  const title = definition.name.charAt(0).toUpperCase() + definition.name.slice(1);
  const { source, group, output, deadLetters } = definition;
  log.info({ digest, node: process.version, source, group, output, deadLetters }, `${title} function starting`);
  const host = createFunctionHost(definition, settings, {
    kafka: kafkajsPort(clientOptions(definition.name, settings, log)),
    log,
    env,
  });
  return async (event, context) => {
    try {
      return await host(event, context);
    } catch (error) {
      const problems = error instanceof StartupError ? error.problems : [messageOf(error)];
      for (const problem of problems) log.error({ requestId: context.awsRequestId }, problem);
      throw error;
    }
  };
}
