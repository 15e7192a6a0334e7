import { parseMetrics, total } from '../../cluster/prometheus.ts';
import type { Instance } from '../../support/instance.ts';
import { onBrokers } from './on-brokers.ts';

/** One instance of the group at a time, as a process of the bundle. */
export const containerDatabase = onBrokers('container', (_one, _bundle, pipeline) => {
  let instance: Instance | undefined;
  let filteredBefore = 0;

  async function filtered(): Promise<number> {
    const text = await (await instance?.get('/metrics'))?.text();
    return filteredBefore + total(parseMetrics(text ?? ''), 'hft_records_filtered_total');
  }

  return {
    async start() {
      instance = pipeline.start();
      await instance.line('Assigned partitions');
    },
    async stop() {
      filteredBefore = await filtered();
      const exit = await instance?.stop();
      if (exit?.code !== 0) throw new Error(`The instance ended with ${exit?.code} when it was told to stop`);
    },
    async saysThatItWaits() {
      await instance?.line('A dependency is down: the partition waits');
    },
    filtered,
  };
});
