import { deadLettersOptions } from './dead-letters/options.ts';
import { runDeadLetters } from './dead-letters/run.ts';
import { runCommand } from './support/command.ts';

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'dead-letters',
    summary: 'What died, why, and putting it right: back to where it came from, into a file, or discarded.',
    usage: [
      'list',
      'list    --since 24h --code CONTRACT_VIOLATED',
      'show    3/17',
      'redrive --cause 1f0c6a2b',
      'redrive --cause 1f0c6a2b --rate 50 --apply',
      'export  --key 13 --out letters.jsonl',
      'discard 3/17 3/18 --reason "sent by mistake" --apply',
      'unpark',
      'unpark  --key 13 --forget --apply',
    ],
    options: {
      ...{ topic: text, code: many, function: many, cause: many, source: many, key: text, since: text, until: text },
      ...{
        state: many,
        apply: flag,
        forget: flag,
        rate: text,
        follow: text,
        group: text,
        out: text,
        reason: text,
        bytes: text,
      },
      ...{ 'bootstrap-servers': text, 'env-file': text, json: flag },
    },
    describe: {
      topic: 'The dead-letter topic (default DEAD_LETTER_TOPIC, else market.raw.dlq).',
      code: 'Only those with this error.code. May be repeated, as may function, cause and source.',
      function: 'Only those that died in this function.',
      cause: 'Only those of this cause: its id, as list shows it.',
      source: 'Only those of this topic, or of <topic>/<partition>.',
      key: 'Only those with this key; hex:... for bytes that are no text.',
      since: 'Only those that died since a time with its zone, or a span ago, such as 24h.',
      until: 'Only those that died before.',
      state: 'list, export: waiting (the default), redriven, discarded or all.',
      apply: 'redrive, discard, unpark: do it. Without, it is only shown.',
      forget: 'unpark: forget that keys are parked, whatever waits of them. The function must not run.',
      rate: 'redrive: most records a second (default 100).',
      follow: 'redrive: how long to wait for what becomes of the records (default 30s).',
      group: 'The group that handles what is redriven (default KAFKA_GROUP_ID, else that of the function).',
      out: 'export: the file to write, a line of JSON each.',
      reason: 'discard: why, to be kept with it.',
      bytes: 'show: most bytes of the value (default 4096).',
      'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
      'env-file': 'Read settings from this file too; the environment goes before it.',
      json: 'Report in JSON; the progress goes to stderr.',
    },
    notes: [
      'A redriven record goes to the topic and partition that it came from, the same to the byte, without the headers that say',
      'why it died, with redrive.count one higher and the time of now; those of a partition in their order. All groups that read that topic get',
      'it. Redriven and noted as redriven are one transaction: interrupt it at any time and run it again, nothing goes twice.',
      'Notes are kept in the topic <dead-letter topic>.journal, which is made when they are first needed.',
      'Of a parked key (park: true) redrive takes all that waits. unpark releases parked keys that nothing waits of, and forgets those whose',
      'notes are of a source that is gone, or was deleted and made again: for that the function must not run.',
      'Exit code 0 when done, 1 when not, 2 when called wrongly. Takes Read on the topic, its journal and the groups; redrive and',
      'discard also Write on the source topic and the journal, Create for it, and Write on transactional id hft-dead-letters.<topic>.',
      'Where keys are parked: Read on <dead-letter topic>.parked; redrive, discard and unpark also Write on it. Read on the source tells',
      'notes of a topic that was made again by what lies there now; without it only those behind its end are told.',
    ],
  },
  async ({ json, ...flags }, positionals) => {
    const options = deadLettersOptions(flags, positionals, process.env);
    const interruption = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
    const tell = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
    const report = await runDeadLetters(options, { tell, signal: interruption.signal });
    process.stdout.write(json ? `${JSON.stringify(report.json, null, 2)}\n` : report.text);
    return report.done ? 0 : 1;
  },
);
