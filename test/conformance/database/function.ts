import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { type EventSource, startEventSource } from '../../../scripts/event-source/source.ts';
import { settingsOf } from '../../support/pipeline.ts';
import { type SecretService, serveSecret } from '../../support/secret-service.ts';
import { filteredBy } from '../hosts/function.ts';
import { onBrokers } from './on-brokers.ts';

const timeoutMs = 20_000;
const waitMs = 30_000;
/** Few, and no divisor of what is written: its batches are cut where no other host's are. */
const batchSize = 7;

/**
 * The target of an event source mapping, under the real runtime client, behind the local event source. The URLs of its
 * database come from a secret, as they do where it is deployed.
 */
export const functionDatabase = onBrokers('function', ({ functionName }, bundle, pipeline, env) => {
  const bootstrapServers = inject('bootstrapServers');
  const log: string[] = [];
  let source: EventSource | undefined;
  let secret: SecretService | undefined;
  return {
    async start() {
      secret = await serveSecret(env);
      source = await startEventSource({
        ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId, batchSize, windowMs: 100 },
        function: {
          ...{ bundle, exportName: functionName, timeoutMs },
          env: { ...settingsOf(pipeline.topics, bootstrapServers), ...secret.env, DEPENDENCY_WAIT_MS: '300' },
        },
        onLog: (line) => void log.push(line),
        onNotice: (line) => void log.push(line),
      });
    },
    async stop() {
      await source?.stop();
      await secret?.close();
    },
    async saysThatItWaits() {
      const untilMs = Date.now() + waitMs;
      while (!log.some((line) => line.includes('"msg":"Records left undone'))) {
        if (Date.now() > untilMs) throw new Error(`The function left nothing undone:\n${log.slice(-20).join('\n')}`);
        await sleep(50);
      }
    },
    filtered: async () => filteredBy(log),
  };
});
