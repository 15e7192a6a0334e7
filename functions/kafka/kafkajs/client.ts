import './response-fix.ts';
import './silent-broker.ts';
import './timer-fix.ts';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';

/** What it takes to reach a cluster. */
export interface ClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Receives what the client would log; nothing is printed without it. */
  readonly onLog?: (level: 'debug' | 'info' | 'warn' | 'error', fields: Record<string, unknown>) => void;
  readonly security?: Pick<KafkaConfig, 'ssl' | 'sasl' | 'socketFactory'>;
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

const levelNames: Partial<Record<logLevel, 'debug' | 'info' | 'warn' | 'error'>> = {
  [logLevel.DEBUG]: 'debug',
  [logLevel.INFO]: 'info',
  [logLevel.WARN]: 'warn',
  [logLevel.ERROR]: 'error',
};

/**
 * The one place that makes a kafkajs client. Retries are few: the runtime decides what waits and for how long, since
 * kafkajs does not look a moved coordinator or leader up again inside its own retries.
 */
export function kafkaClient(options: ClientOptions): Kafka {
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectionTimeoutMs ?? 2_000,
    requestTimeout: options.requestTimeoutMs ?? 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 400, retries: 4 },
    logLevel: options.onLog ? logLevel.INFO : logLevel.NOTHING,
    logCreator: () => (entry) => {
      const level = levelNames[entry.level];
      if (level) options.onLog?.(level, { ...entry.log, component: entry.namespace });
    },
    ...options.security,
  });
}
