import { join } from 'node:path';
import { type ClusterStatus, type LocalCluster, openCluster, startCluster } from '../infra/cluster/cluster.ts';
import { localDir } from '../infra/cluster/jars.ts';
import type { ClusterSecurity } from '../infra/cluster/secure/security.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';

/** What the command line asks for. */
interface Call {
  readonly dir: string;
  readonly broker: number;
  readonly json: boolean;
  readonly secure: boolean;
}

const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function existing({ dir, secure }: Call): LocalCluster {
  const cluster = openCluster(dir);
  if (!cluster)
    throw new CommandError(
      `no cluster was ever started in ${dir}. Start one: npm run cluster -- start${secure ? ' --secure' : ''}`,
    );
  return cluster;
}

function report(status: ClusterStatus, json: boolean): number {
  const whole = status.quorum.healthy && status.brokers.every((broker) => broker.state === 'running');
  process.stdout.write(json ? `${JSON.stringify({ healthy: whole, ...status }, null, 2)}\n` : statusText(status));
  return whole ? 0 : 1;
}

function statusText({ bootstrapServers, brokers, quorum, security }: ClusterStatus): string {
  const rows = brokers.map((broker) => [
    String(broker.id),
    String(broker.port),
    String(broker.pid ?? '-'),
    broker.state,
    broker.since ?? '-',
    broker.logs,
  ]);
  const table = [['broker', 'port', 'pid', 'state', 'since', 'logs'], ...rows];
  const width = (column: number) => Math.max(...table.map((row) => row[column]?.length ?? 0));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  );
  const controllers = quorum.healthy ? `healthy, led by broker ${quorum.leaderId}` : 'no leader';
  return [
    `bootstrap servers   ${bootstrapServers.join(',')}`,
    `controller quorum   ${controllers}`,
    ...lines,
    ...(security ? securityLines(security) : []),
    '',
  ].join('\n');
}

function securityLines({ users }: ClusterSecurity): string[] {
  const width = Math.max(...users.map(({ name }) => name.length));
  const file = users.find(({ name }) => name === 'operator')?.environmentFile;
  return [
    '',
    'TLS and SCRAM-SHA-512; a user may do only what it was granted. The settings of each, with its password, are in',
    ...users.map(({ name, environmentFile }) => `  ${name.padEnd(width)}  ${environmentFile}`),
    'Make the topics, and grant what infra/rights.ts declares:',
    `  (set -a; . '${file}'; npm run topics -- apply)`,
  ];
}

/** Starts under Ctrl-C and SIGTERM: both stop what was started so far, and the command fails. */
async function start({ dir, json, secure }: Call): Promise<number> {
  const interrupt = new AbortController();
  const abort = () => interrupt.abort(new CommandError('interrupted: nothing was left running'));
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const cluster = await startCluster({ dir, secure, onProgress: progress, signal: interrupt.signal });
  return report(await cluster.status(), json);
}

/** An action on one broker, then the state it led to. */
function onBroker(act: (cluster: LocalCluster, id: number) => Promise<void>, done: string) {
  return async (call: Call): Promise<number> => {
    const { broker, json } = call;
    const cluster = existing(call);
    await act(cluster, broker);
    if (json) process.stdout.write(`${JSON.stringify(cluster.brokers.find(({ id }) => id === broker))}\n`);
    else process.stdout.write(`Broker ${broker} ${done}.\n`);
    return 0;
  };
}

const brokerActions: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  kill: onBroker((cluster, id) => cluster.kill(id), 'was killed'),
  pause: onBroker((cluster, id) => cluster.pause(id), 'is paused'),
  resume: onBroker((cluster, id) => cluster.resume(id), 'goes on'),
  restart: onBroker((cluster, id) => cluster.restart(id), 'was started again and answers'),
};

const clusterActions: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  start,
  async stop({ dir }) {
    await openCluster(dir)?.stop();
    process.stdout.write('The cluster is stopped. Its data stays.\n');
    return 0;
  },
  status: async (call) => report(await existing(call).status(), call.json),
  async renew(call) {
    const { serial, notAfter, brokers } = await existing(call).renewCertificates();
    const told =
      brokers.length === 0
        ? 'No broker runs: they take it when they start.'
        : `Brokers ${brokers.join(', ')} show it to whoever connects from now on; open connections stay.`;
    const text = `A new certificate of the brokers, serial ${serial}, good until ${notAfter}.\n${told}\n`;
    process.stdout.write(call.json ? `${JSON.stringify({ serial, notAfter, brokers })}\n` : text);
    return 0;
  },
  async reset({ dir }) {
    await openCluster(dir)?.reset();
    process.stdout.write('The cluster is stopped and its data deleted.\n');
    return 0;
  },
};

await runCommand(
  {
    name: 'cluster',
    summary: 'Runs a local Apache Kafka cluster of three brokers on loopback, with Java and Maven, or with Docker.',
    usage: [
      'start',
      'start --secure',
      'stop',
      'status',
      'kill <broker>',
      'pause <broker>',
      'resume <broker>',
      'restart <broker>',
      'renew --secure',
      'reset',
    ],
    options: {
      dir: { type: 'string' },
      json: { type: 'boolean', default: false },
      secure: { type: 'boolean', default: false },
    },
    describe: {
      dir: 'Where its data, settings and logs are (default .local/cluster, or .local/cluster-secure).',
      secure:
        'The secured cluster: clients need TLS, a SCRAM login and rights. It prints where the settings of its users are.',
      json: 'Print what is reported as JSON.',
    },
    notes: [
      'start    Start what does not run, wait until all brokers answer, print the status. They keep running.',
      'stop     Shut the brokers down cleanly. Data stays.',
      'status   Exit code 0 when all brokers run and the controllers have a leader, else 1.',
      'kill     SIGKILL one broker, 1 to 3. pause and resume: SIGSTOP and SIGCONT.',
      'restart  Start one broker again, after a clean stop if it runs, and wait until it answers.',
      'renew    A new certificate for the brokers of a secured cluster, which they show without a restart.',
      'reset    Stop everything and delete the data.',
      '',
      'HFT_LOCAL_DIR moves everything that is kept locally, Kafka itself included, out of .local/.',
    ],
  },
  async (values, [action = '', broker, ...rest]) => {
    const run = clusterActions[action] ?? brokerActions[action];
    const names = [...Object.keys(clusterActions), ...Object.keys(brokerActions)].join(', ');
    if (!run) throw new UsageError(`takes one of ${names}${action && `, not '${action}'`}`);
    const wantsBroker = run === brokerActions[action];
    if (wantsBroker && !/^[1-3]$/.test(broker ?? '')) throw new UsageError(`${action} takes a broker, 1 to 3`);
    if (rest.length > 0 || (broker !== undefined && !wantsBroker)) throw new UsageError(`${action} takes nothing more`);
    const { json, secure } = values;
    const dir = values.dir ?? join(localDir(), secure ? 'cluster-secure' : 'cluster');
    return await run({ dir, broker: Number(broker), json, secure });
  },
);
