import { offsetsOptions } from './offsets/options.ts';
import { runOffsets } from './offsets/run.ts';
import { runCommand } from './support/command.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'offsets',
    summary: 'Where a group is in a topic, and moving it: back to handle records again, or on to skip them.',
    usage: [
      'show',
      'plan  --to 2026-11-23T09:15+05:30',
      'plan  --to -100 --partitions 0-9,12 --out back.csv',
      'apply --to back.csv',
      'undo',
    ],
    options: {
      ...{ group: text, topic: text, partitions: text, to: text, out: text, new: flag },
      ...{ 'bootstrap-servers': text, 'env-file': text, json: flag },
    },
    describe: {
      group: 'The consumer group (default KAFKA_GROUP_ID, else processor-group).',
      topic: 'The topic it reads (default SOURCE_TOPIC, else market.raw).',
      partitions: 'Only these, such as 0-9,12 (default all).',
      to: 'latest, earliest, a time with its zone, +100 or -100 from where the group is, or a file (file:PATH or a path).',
      out: 'plan: also write the plan to this file. An apply of it is refused once the group has moved on.',
      new: 'The group may have no commit of the topic yet: make its first.',
      'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
      'env-file': 'Read settings from this file too; the environment goes before it.',
      json: 'Report in JSON.',
    },
    notes: [
      'plan changes nothing. apply is refused while the group has members, by the brokers too. It saves the offsets that it',
      'changes under .local/offsets, sets them, and reads them back; undo puts the last saved ones back, and can be undone.',
      'A file has lines of topic,partition,offset, as kafka-consumer-groups writes and takes them.',
      'Exit code 0 when done, 1 when refused (nothing was changed, unless it says so), 2 when called wrongly. Needs Read on group and topic.',
    ],
  },
  async ({ json, ...flags }, positionals) => {
    const report = await runOffsets(offsetsOptions(flags, positionals, process.env));
    process.stdout.write(json ? `${JSON.stringify(report.json, null, 2)}\n` : report.text);
    return 0;
  },
);
