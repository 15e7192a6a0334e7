import { join } from 'node:path';
import { type ClusterStatus, type LocalCluster, openCluster, startCluster } from '../infra/cluster/cluster.ts';
import { localDir } from '../infra/cluster/jars.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';

/** What the command line asks for. */
interface Call {
  readonly dir: string;
  readonly broker: number;
  readonly json: boolean;
}

const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function existing(dir: string): LocalCluster {
  const cluster = openCluster(dir);
  if (!cluster) throw new CommandError(`no cluster was ever started in ${dir}. Start one: npm run cluster -- start`);
  return cluster;
}

function report(status: ClusterStatus, json: boolean): number {
  const whole = status.quorum.healthy && status.brokers.every((broker) => broker.state === 'running');
  process.stdout.write(json ? `${JSON.stringify({ healthy: whole, ...status }, null, 2)}\n` : statusText(status));
  return whole ? 0 : 1;
}

function statusText({ bootstrapServers, brokers, quorum }: ClusterStatus): string {
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
  return [`bootstrap servers   ${bootstrapServers.join(',')}`, `controller quorum   ${controllers}`, ...lines, ''].join(
    '\n',
  );
}

/** Starts under Ctrl-C and SIGTERM: both stop what was started so far, and the command fails. */
async function start({ dir, json }: Call): Promise<number> {
  const interrupt = new AbortController();
  const abort = () => interrupt.abort(new CommandError('interrupted: nothing was left running'));
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const cluster = await startCluster({ dir, onProgress: progress, signal: interrupt.signal });
  return report(await cluster.status(), json);
}

/** An action on one broker, then the state it led to. */
function onBroker(act: (cluster: LocalCluster, id: number) => Promise<void>, done: string) {
  return async ({ dir, broker, json }: Call): Promise<number> => {
    const cluster = existing(dir);
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
  status: async ({ dir, json }) => report(await existing(dir).status(), json),
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
      'stop',
      'status',
      'kill <broker>',
      'pause <broker>',
      'resume <broker>',
      'restart <broker>',
      'reset',
    ],
    options: { dir: { type: 'string' }, json: { type: 'boolean', default: false } },
    describe: {
      dir: 'Where its data, settings and logs are (default .local/cluster).',
      json: 'Print what is reported as JSON.',
    },
    notes: [
      'start    Start what does not run, wait until all brokers answer, print the status. They keep running.',
      'stop     Shut the brokers down cleanly. Data stays.',
      'status   Exit code 0 when all brokers run and the controllers have a leader, else 1.',
      'kill     SIGKILL one broker, 1 to 3. pause and resume: SIGSTOP and SIGCONT.',
      'restart  Start one broker again, after a clean stop if it runs, and wait until it answers.',
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
    return await run({ dir: values.dir ?? join(localDir(), 'cluster'), broker: Number(broker), json: values.json });
  },
);
