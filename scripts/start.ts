import { startFlags } from './start/flags.ts';
import { readOptions } from './start/options.ts';
import { runStart } from './start/run.ts';
import { runCommand } from './support/command.ts';

await runCommand(
  {
    name: 'start',
    summary:
      'Runs the whole pipeline on this machine and shows it: brokers, databases, feed, processor, storage, analytics.',
    usage: [
      '',
      '--instances 6 --rate 1000',
      "--plan '10s:+2,20s:kill,40s:-1'",
      '--for 30s --json',
      '--mode function',
      '--without-database',
      '--autoscale --burst',
    ],
    options: startFlags,
    describe: {
      mode: 'container, or function: the processor as a Lambda function behind the local event source (default container).',
      cpu: 'Hold each instance to this share of a core, 0.05 to 1, as a container limit does (Linux).',
      instances:
        'Instances of the processor, each a process (default 4; 2 with --mode function; with --autoscale its minimum).',
      rate: 'Snapshots a second to feed; 0 is as fast as they are acknowledged (default 500).',
      profile: 'Rates one after another in place of --rate, such as 10s:200,20s:8000; the last one stays.',
      symbols: 'Underlyings, each a key of its own (default 240).',
      contracts: 'Options in a chain (default 40).',
      'poison-share': 'Share of the records to make bad, 0 to 1 (default 0.002).',
      seed: 'Another number, another market (default 1).',
      for: 'Feed for so long, wait until all is done, and end with the books. Without it: until q or Ctrl-C.',
      burst: 'A built-in burst: rates that need more instances, each held to a share of a core.',
      autoscale: 'Follow the scaling policy (infra/scaling.ts): instances come and go with rate and lag.',
      policy: 'What --autoscale follows: dev, prod, local, burst, or a file of fields that differ (default local).',
      plan: 'What to do when, such as 10s:+2,20s:kill,30s:-1 (see below).',
      'without-database': 'The small pipeline: feed and processor, no database, no storage and no analytics.',
      'database-gb':
        'The size at which the tables of the local database are emptied (default 4). The replica has as much again.',
      json: 'No view, and the books as one line of JSON: with --for, or at the end of --autoscale --burst.',
      plain: 'Lines instead of a live view, on a terminal too.',
    },
    notes: [
      'Steps of a plan, each at its time after the feed has started: +N and -N instances, kill or kill=ID (kill -9 of an',
      'instance), kill-broker or kill-broker=ID, restart-broker, poison or poison=N, rate=N.',
      'In the view the keys + - k p b B q do the same, and the arrows choose which instance k kills. It shows the address',
      'of a page with the same state for a browser.',
      'With --autoscale the policy decides how many instances there are: + and - do nothing, and what is killed is replaced.',
      '',
      'With KAFKA_BOOTSTRAP_SERVERS it works on that cluster (plaintext) and leaves its brokers alone. SOURCE_TOPIC,',
      'OUTPUT_TOPIC, DEAD_LETTER_TOPIC and KAFKA_GROUP_ID give the pipeline other names. A cluster that it started is',
      'stopped at the end; its data stays in .local/cluster.',
      '',
      'Storage and analytics run as one container each, whatever --mode says. They use the local databases, or those that',
      'DATABASE_URL and DATABASE_REPLICA_URLS name, whose schema is brought up to date first.',
      '',
      'The books are counted from the topics by a reader of its own. Exit code 0: enriched + dead letters + filtered =',
      'fed, nothing lost and, with --for, nothing left to do: every snapshot is in the tables then.',
    ],
  },
  async (values, positionals) => await runStart(readOptions(values, positionals, process.env)),
);
// All is stopped: a feed that still waits for brokers which are gone must not hold the process for its full patience.
process.exit();
