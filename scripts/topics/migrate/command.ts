import { runCommand } from '../../support/command.ts';
import { count, printable } from '../../support/words.ts';
import { openTarget } from '../open-target.ts';
import { type TopicsFlags, topicsOptions } from '../options.ts';
import { migrateOptions } from './options.ts';
import { type MigrateReport, migrate } from './run.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** `npm run topics -- migrate`. */
export async function runMigrate(): Promise<void> {
  await runCommand(
    {
      name: 'topics',
      summary:
        'Moves a keyed topic to a new one with more partitions: nothing lost, nothing twice, order per key kept.',
      usage: [
        'migrate --topic market.raw --to market.raw.v2 --partitions 120 --plan',
        'migrate --topic market.raw --to market.raw.v2 --partitions 120',
        'migrate --topic market.raw --to market.raw.v2 --partitions 120 --cut-over',
      ],
      options: {
        ...{ topic: text, to: text, partitions: text, group: { type: 'string', multiple: true } },
        ...{ plan: flag, 'cut-over': flag, quiet: text, wait: text, rate: text },
        ...{ target: text, bootstrap: text, declared: text, json: flag },
        ...{ 'cluster-arn': text, 'cluster-name': text, region: text, 'brokers-via': text },
      },
      describe: {
        topic: 'The topic there is. It is only read.',
        to: 'The new topic. It is made with the settings of the old one.',
        partitions: 'How many it has: a multiple of those of the old one.',
        group: 'A group that goes on in the new topic (default processor-group). May be repeated.',
        plan: 'Only check, and say what would be done.',
        'cut-over': 'Go to the end: wait for producers and instances to be stopped, then move the groups.',
        quiet: 'How long nobody may have written to the old topic before it counts as left (default 5s).',
        wait: 'How long to wait for that (default 10m).',
        rate: 'Copy at most so many records a second.',
        target: 'local, kafka or msk, as for plan and apply.',
        bootstrap: 'Brokers as host:port, by commas, in place of KAFKA_BOOTSTRAP_SERVERS.',
        'cluster-arn': 'The cluster of MSK, by its ARN.',
        'cluster-name': 'The cluster of MSK, by its name.',
        region: 'Its region, where the ARN does not say it, in place of AWS_REGION.',
        'brokers-via': 'Its brokers: private, public, vpc-connectivity or ipv6. Default: the first that it offers.',
        declared: 'A module that exports `topics`, in place of infra/topics.ts: which topics follow this one.',
        json: 'Report in JSON; the progress goes to stderr.',
      },
      notes: [
        'prepare   makes the new topic, and keeps where the copy begins: with what the groups have not handled',
        'copy      copies to the end of the old topic while producers and instances go on. Run it as often as you like',
        'cut-over  (--cut-over) copies on, and waits until the old topic is quiet and the groups have no members:',
        '          1. stop the producers  2. let the instances finish, or not  3. stop the instances',
        'finish    sets the groups in the new topic to what they have not handled, and reads that back. Only then:',
        '          4. start the producers, on the new topic  5. start the instances, with SOURCE_TOPIC set to it',
        'Interrupted at any time and run again, it goes on: what the new topic holds is compared and not written twice.',
        'Exit code 0 when it got as far as asked, 1 when not, 2 when called wrongly. Rights: Read on the old topic, the groups',
        'and group hft-migrate.<topic>.<to>; Create, Read, Write and Describe on the new topic; IdempotentWrite on the cluster.',
      ],
    },
    async ({ json, ...flags }, [, ...rest]) => {
      const options = migrateOptions(flags, rest);
      const topics = await topicsOptions(flags satisfies TopicsFlags, process.env);
      const opened = await openTarget(topics.target);
      try {
        const tell = (line: string) => void (json ? process.stderr : process.stdout).write(`${printable(line)}\n`);
        const report = await migrate(opened, topics.plan.declared, options, tell);
        process.stdout.write(json ? jsonOf(report) : `${closing(report)}\n`);
        return 0;
      } finally {
        await opened.close();
      }
    },
  );
}

function jsonOf(report: MigrateReport): string {
  return `${JSON.stringify(report, (_key, value) => (value instanceof Map ? Object.fromEntries(value) : value), 2)}\n`;
}

/** What a person is told in the end, and has to do next. */
export function closing({ phase, from, to, partitions, behind }: MigrateReport): string {
  if (phase === 'planned') {
    return `Nothing was changed. ${to} would get ${partitions} partitions, and a copy of ${count(behind, 'record')} of ${from}.`;
  }
  if (phase === 'copied') {
    return `Copied. When it suits: run it with --cut-over, stop the producers of ${from}, and then the instances.`;
  }
  return (
    `Finished. Start the producers on ${to}, and the instances with SOURCE_TOPIC=${to}. An output that is to have as many ` +
    `partitions as its source takes a new topic of ${partitions} as well (OUTPUT_TOPIC), or outputPartitions: 'divides'.\n` +
    `To stay with it, put ${to} in the place of ${from} wherever that is named: in infra/topics.ts, where others follow it as ` +
    'well; in infra/scaling.ts (topic); in the source of its definition under functions/; in infra/serverless/topics.ts. ' +
    `Delete ${from} once nobody reads it.`
  );
}
