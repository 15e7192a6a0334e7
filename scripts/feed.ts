import { join } from 'node:path';
import { openCluster } from '../infra/cluster/cluster.ts';
import { localDir } from '../infra/cluster/jars.ts';
import type { FeedReport } from './feed/acknowledgements.ts';
import { feedOptions } from './feed/options.ts';
import { type Feed, startFeed } from './feed/start.ts';
import { CommandError, runCommand } from './support/command.ts';
import { securityFrom } from './support/kafka/security.ts';

const text = { type: 'string' } as const;

await runCommand(
  {
    name: 'feed',
    summary: 'Feeds option-chain snapshots into market.raw, every one acknowledged by all replicas.',
    usage: [
      '--rate 500',
      '--count 100000 --contracts 2',
      '--for 30s --rate 200 --poison-share 0.01',
      '--profile 10s:200,20s:8000,30s:200',
      '--replay day.ndjson.gz',
    ],
    options: {
      ...{
        symbols: text,
        contracts: text,
        rate: text,
        profile: text,
        count: text,
        for: text,
        seed: text,
        'poison-share': text,
      },
      ...{ replay: text, topic: text, 'bootstrap-servers': text, 'acks-timeout': text, json: { type: 'boolean' } },
    },
    describe: {
      symbols: 'Underlyings, each a key of its own (default 240).',
      contracts: 'Options in a chain, an even number up to 2000 (default 40).',
      rate: 'Snapshots a second; 0, the default, is as fast as they are acknowledged.',
      profile: 'Rates one after another in place of --rate, such as 10s:200,20s:8000; stops after the last.',
      count: 'Stop after so many snapshots.',
      for: 'Stop after so long, such as 30s.',
      seed: 'Another number, another market; the same number, the same one (default 1).',
      'poison-share': 'Share of the records to make bad, in every way there is, 0 to 1 (default 0).',
      replay: 'Send the lines of this file (.ndjson or .ndjson.gz) instead of a made-up market.',
      topic: 'Where to (default market.raw).',
      'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
      'acks-timeout': 'Give up when a record is not acknowledged for so long (default 60s).',
      json: 'Report in JSON.',
    },
    notes: [
      'Runs until --count, --for, the end of the profile or the end of the file is reached, or Ctrl-C; each waits for what was sent.',
      'A replayed line without a symbol_id is sent as it is, with no key, and counted as poison.',
    ],
  },
  async ({ json, ...flags }, positionals) => {
    const options = feedOptions(flags, positionals, process.env);
    const bootstrapServers = options.bootstrapServers ?? localBrokers();
    // The local cluster is not secured.
    const security = options.bootstrapServers ? securityFrom(process.env, bootstrapServers) : {};
    const feed = await startFeed({ ...options, bootstrapServers, security });
    const progress = setInterval(() => process.stderr.write(`${progressLine(feed.report())}\n`), 2_000);
    const release = stopOnSignal(feed);
    try {
      await feed.done;
    } finally {
      clearInterval(progress);
      release();
      const report = feed.report();
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : finalText(report));
    }
    return 0;
  },
);

function localBrokers(): string[] {
  const cluster = openCluster(join(localDir(), 'cluster'));
  if (cluster) return cluster.bootstrapServers;
  throw new CommandError(
    "No cluster to feed: start one with 'npm run cluster -- start', or name its brokers with --bootstrap-servers or " +
      'KAFKA_BOOTSTRAP_SERVERS.',
  );
}

/** The first signal stops cleanly; a second one ends the process as it would without us. */
function stopOnSignal(feed: Feed): () => void {
  function stop() {
    release();
    process.stderr.write('feed: stopping; waiting for what was sent\n');
    // `done` carries its outcome, and is awaited already.
    feed.stop().catch(() => {});
  }
  function release() {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return release;
}

function progressLine({ seconds, acknowledged, rate, poison, pending }: FeedReport): string {
  return `feed: ${seconds.toFixed(0)} s, ${acknowledged} acknowledged (${rate}/s), ${poison} poison, ${pending} pending`;
}

function finalText(report: FeedReport): string {
  const { topic, acknowledged, poison, pending, perPartition, seconds, rate } = report;
  const used = perPartition.flatMap((count, partition) => (count > 0 ? [`${partition}:${count}`] : []));
  return [
    `${acknowledged} records acknowledged in '${topic}' in ${seconds} s (${rate}/s), ${poison} of them poison` +
      `${pending > 0 ? `, ${pending} not acknowledged` : ''}.`,
    `By partition: ${used.join(' ') || 'none'}`,
    '',
  ].join('\n');
}
