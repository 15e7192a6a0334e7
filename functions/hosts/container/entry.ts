import { kafkajsPort } from '../../kafka/kafkajs/port.ts';
import type { FunctionDefinition } from '../../runtime/contract.ts';
import { messageOf, StartupError, stackOf } from '../../runtime/errors.ts';
import { createLogger } from '../../runtime/log.ts';
import { readSettings } from '../../runtime/read-settings.ts';
import type { Settings } from '../../runtime/settings.ts';
import { clientOptions } from '../shared/client-options.ts';
import { limitYoungGeneration } from './memory.ts';
import { prepareContainer } from './run.ts';

/** How long after `DRAIN_DEADLINE_MS` a process that was told to stop ends in any case. Orchestrators must allow both. */
export const killAfterDrainMs = 5_000;

/** Runs a function as this process: settings from the environment, until a signal. Never returns to a caller. */
export async function runProcess<Resources>(definition: FunctionDefinition<Resources>, digest: string): Promise<void> {
  const settings = settingsOrExit(definition);
  limitYoungGeneration();
  const log = createLogger(settings.logLevel, { function: definition.name, instance: settings.instanceId });
  process.on('uncaughtException', (error: unknown) => {
    // Anything may be thrown, null as well.
    log.error({ error: messageOf(error), stack: stackOf(error) }, 'Uncaught exception: the instance ends');
    process.exit(1);
  });
  // A promise that a handler forgot: its record is accounted for already, and others are in flight.
  process.on('unhandledRejection', (reason) => log.error({ error: messageOf(reason) }, 'Unhandled rejection'));
  let shuttingDown = false;
  try {
    const container = await prepareContainer(definition, settings, {
      kafka: kafkajsPort(clientOptions(`${definition.name}-${settings.instanceId}`, settings, log)),
      log,
      env: process.env,
      digest,
      onFatal(reason) {
        log.error({}, reason);
        process.exit(1);
      },
    });
    // Before it joins: a signal in between would leave the group waiting for an instance that is gone.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        shuttingDown = true;
        // Closing must not hang either: sockets of dead brokers, a pool that never drains.
        setTimeout(() => process.exit(1), settings.drainDeadlineMs + killAfterDrainMs).unref();
        void container.shutdown(signal).then(
          () => process.exit(0),
          (error: unknown) => {
            log.error({ error: messageOf(error) }, 'Shutting down failed');
            process.exit(1);
          },
        );
      });
    }
    await container.start();
  } catch (error) {
    if (shuttingDown) return; // a join that was given up
    const problems = error instanceof StartupError ? error.problems : [messageOf(error)];
    for (const problem of problems) log.error({}, problem);
    for (const problem of problems) process.stderr.write(`${definition.name}: ${problem}\n`);
    process.exit(1);
  }
}

function settingsOrExit<Resources>({ name, checkSettings }: FunctionDefinition<Resources>): Settings {
  try {
    return readSettings(process.env, checkSettings);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${name}: ${problem}\n`);
    process.exit(1);
  }
}
