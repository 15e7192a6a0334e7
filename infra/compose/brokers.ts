import { containerSettings } from '../cluster/docker.ts';

/** 16 bytes in base64, as Kafka wants them: a name of ours, so that volumes and file agree for ever. */
const clusterId = 'aGZ0LWVuZ2luZS1jb21wbw';

/**
 * brokers.env: what infra/cluster/compose.yml is included with, and what its containers start with. Made of what the
 * local cluster starts with, and held to it by a test.
 */
export function brokersEnv(): string {
  const settings = {
    HFT_PROJECT: 'hft-engine',
    // Relative to the file that is included.
    HFT_SETTINGS: '../compose/brokers.env',
    HFT_PORT_1: '9092',
    HFT_PORT_2: '9093',
    HFT_PORT_3: '9094',
    ...containerSettings({ clusterId }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return `# Made by infra/compose/brokers.ts: change infra/cluster/config.ts instead.\n${lines.join('')}`;
}
