import { examine } from './doctor/examination.ts';
import { examinationJson } from './doctor/json.ts';
import { doctorOptions } from './doctor/options.ts';
import { examinationText } from './doctor/text.ts';
import { runCommand } from './support/command.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'doctor',
    summary:
      'Is it set up right, is the cluster well, is the group keeping up? Looks, changes nothing, and says what to do.',
    usage: ['', '--settings', '--env-file .env', '--group processor-group --topic market.raw --interval 5s', '--json'],
    options: {
      ...{ 'bootstrap-servers': text, group: text, topic: text, 'output-topic': text, 'dead-letter-topic': text },
      ...{ 'env-file': text, interval: text, sample: text, settings: flag, json: flag },
    },
    describe: {
      'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
      group: 'The consumer group (default KAFKA_GROUP_ID, else processor-group).',
      topic: 'The topic it reads (default SOURCE_TOPIC, else market.raw).',
      'output-topic': 'Where its outputs go (default OUTPUT_TOPIC, else market.enriched).',
      'dead-letter-topic': 'Where its dead letters go (default DEAD_LETTER_TOPIC, else market.raw.dlq).',
      'env-file': 'Read settings from this file too; the environment goes before it.',
      interval: 'Time between the two looks at offsets (default 2s).',
      sample: 'Records read back from the end of the output and dead-letter topics, in all (default 2000; 0 for none).',
      settings: 'Show every setting with what it does and what it takes.',
      json: 'Report in JSON: one document with everything.',
    },
    notes: [
      '✓ well   ! warning: it works, at a risk   ✗ problem: something promised does not hold   · worth knowing',
      'Exit code 0 without problems (warnings allowed), 1 with problems, 2 when called wrongly.',
      'The user needs no more than Describe on the cluster, group and topics, DescribeConfigs, and Read on the topics.',
    ],
  },
  async ({ json, settings, ...flags }, positionals) => {
    const seen = await examine(doctorOptions(flags, positionals, process.env));
    const width = Math.max(80, Math.min(process.stdout.columns ?? 120, 160));
    process.stdout.write(json ? examinationJson(seen) : examinationText(seen, { allSettings: settings, width }));
    return seen.findings.some(({ severity }) => severity === 'problem') ? 1 : 0;
  },
);
