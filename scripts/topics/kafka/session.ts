import type { MetadataAnswer } from 'kafkajs/src/protocol/requests/index.js';
import { CommandError } from '../../support/command.ts';
import { type BrokerConnection, openBroker } from '../../support/kafka/broker.ts';
import { troubleOf } from '../../support/kafka/trouble.ts';
import { printable } from '../../support/words.ts';
import type { KafkaAccess } from '../target.ts';

/** One connection to a cluster, made anew at another broker when its own stops answering. */
export interface Session {
  /** Asks the broker at hand. May ask twice: when it is lost before it answers, the next one is asked the same. */
  ask<Answer>(question: (broker: BrokerConnection) => Promise<Answer>): Promise<Answer>;
  /** Of these topics; of all that the user may see when none is named. */
  metadata(topics: readonly string[]): Promise<MetadataAnswer>;
  /** From here on, asks the broker that the cluster calls its controller. */
  moveToController(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects to the first broker that answers.
 * @throws CommandError when none does
 */
export async function openSession({ bootstrapServers, security }: KafkaAccess): Promise<Session> {
  let addresses = [...bootstrapServers];
  let broker = await openFirst();

  async function openFirst(): Promise<BrokerConnection> {
    const attempts = addresses.map((address) => openBroker(address, security));
    try {
      const first = await Promise.any(attempts);
      for (const attempt of attempts) {
        attempt.then((other) => (other === first ? undefined : other.close())).catch(ignore);
      }
      return first;
    } catch (error) {
      const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
      throw new CommandError(unreachable(addresses, errors));
    }
  }

  async function ask<Answer>(question: (broker: BrokerConnection) => Promise<Answer>): Promise<Answer> {
    const asked = broker;
    try {
      return await question(asked);
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      await asked.close().catch(ignore);
      if (broker === asked) broker = await openFirst();
      return await question(broker).catch((again: unknown) => {
        throw isLostConnection(again) ? new CommandError(unreachable([broker.address], [again])) : again;
      });
    }
  }

  async function metadata(topics: readonly string[]): Promise<MetadataAnswer> {
    const answer = await ask((one) => one.ask('Metadata', { topics: [...topics], allowAutoTopicCreation: false }));
    const listed = answer.brokers.map(({ host, port }) => addressOf(host, port));
    // Brokers may come and go while this runs: those that the cluster lists are where to go on.
    addresses = [...new Set([...listed, ...bootstrapServers])];
    return answer;
  }

  return {
    ask,
    metadata,
    async moveToController() {
      const { brokers, controllerId } = await metadata([]);
      const controller = brokers.find(({ nodeId }) => nodeId === controllerId);
      if (!controller) return;
      const left = broker;
      broker = await openBroker(addressOf(controller.host, controller.port), security);
      await left.close().catch(ignore);
    },
    close: () => broker.close(),
  };
}

const ignore = () => undefined;

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether the broker is gone, rather than of another opinion. */
function isLostConnection(error: unknown): boolean {
  return error instanceof Error && /^KafkaJS(Connection|RequestTimeout)/.test(error.name);
}

function unreachable(addresses: readonly string[], errors: readonly unknown[]): string {
  const troubles = errors.map(troubleOf);
  const causes = troubles.map(({ cause }) => lowerFirst(cause.replace(/\.$/, '')));
  const why = causes.every((cause) => cause === causes[0])
    ? causes[0]
    : causes.map((cause, index) => `${addresses[index]}: ${cause}`).join('; ');
  const remedy = lowerFirst(troubles[0]?.remedy ?? '');
  return printable(`no Kafka broker answers at ${addresses.join(', ')} (${why}): ${remedy}`);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
