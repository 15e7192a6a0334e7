import type { KafkaPort } from '../../kafka/port.ts';
import type { FunctionDefinition, Logger } from '../../runtime/contract.ts';
import type { Settings } from '../../runtime/settings.ts';
import { checkCluster, type FunctionTopics, neededRights, sizeWarnings } from '../shared/preflight.ts';
import { openPublishing, type Publishing } from '../shared/publishing.ts';

/** The connections of an execution environment, which outlive its invocations. */
export interface Connections {
  /** The publishers to use now: those of the last invocation, or new ones, tried for until a time. */
  get(endsAtMs: number): Promise<Publishing>;
  /** An invocation has ended with all of its publishes accounted for. */
  rested(): void;
  /** Something may still be under way: it must not come to life in a later invocation, when others have gone on. */
  discard(): void;
}

/** Routers forget an idle connection after 350 s, brokers after 10 min: while frozen, nobody hears them say so. */
const maxIdleMs = 240_000;

/** Connects at the first invocation and keeps what it made, for as long as it can be trusted. */
export function createConnections<Resources>(
  kafka: KafkaPort,
  definition: FunctionDefinition<Resources>,
  settings: Settings,
  log: Logger,
  moreToCome: () => boolean,
): Connections {
  let topics: FunctionTopics | undefined;
  let current: Publishing | undefined;
  let restedAtMs = 0;

  async function factsOf(endsAtMs: number): Promise<FunctionTopics> {
    const inspector = kafka.inspector();
    const facts = await checkCluster(
      inspector,
      definition,
      neededRights(definition),
      settings.bootstrapServers,
      timeLeft(endsAtMs),
    ).finally(
      // Not waited for: a broker that is silent would hold it up.
      () => void inspector.close().catch(() => undefined),
    );
    for (const warning of sizeWarnings(facts)) log.warn({}, warning);
    return facts;
  }

  function discard(): void {
    void current?.close(); // never rejects, and may take a while: a dead broker answers nothing
    current = undefined;
  }

  return {
    async get(endsAtMs) {
      if (current !== undefined && Date.now() - restedAtMs > maxIdleMs) discard();
      if (current !== undefined) return current;
      topics ??= await factsOf(endsAtMs);
      current = await openPublishing(kafka, topics, {
        settings: { ...settings, startupTimeoutMs: timeLeft(endsAtMs) },
        log,
        onRoom: () => undefined, // a dispatch looks at its lanes by itself
        moreToCome,
      });
      return current;
    },
    rested() {
      restedAtMs = Date.now();
    },
    discard,
  };
}

function timeLeft(endsAtMs: number): number {
  return Math.max(0, endsAtMs - Date.now());
}
