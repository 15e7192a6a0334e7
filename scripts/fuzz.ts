import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FuzzReport, runFuzz } from './fuzz/run.ts';
import { durationOption, integerOption, runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the input of a disagreement goes. */
const found = '.local/fuzz/disagreement.json';

await runCommand(
  {
    name: 'fuzz',
    summary: "Looks for a message that the processor's fast path and its plain path make different bytes of.",
    usage: ['--for 60s', '--for 10m --seed 7 --json'],
    options: { for: { type: 'string', default: '60s' }, seed: { type: 'string' }, json: { type: 'boolean' } },
    describe: {
      for: 'How long to look.',
      seed: 'Makes the same messages again, as far as time lets it; another one each time without it.',
      json: 'Print one JSON document.',
    },
    notes: [
      'Messages are made from those of the feed and of the golden vectors; those that reach new code are kept.',
      `Exits 1 when one is found, and leaves it in ${found}.`,
    ],
  },
  async ({ for: duration, seed, json }) => {
    const forMs = durationOption('for', duration);
    const number = seed === undefined ? Date.now() % 1e9 : integerOption('seed', seed, 0);
    let told = 0;
    const onProgress = (report: FuzzReport): void => {
      if (report.seconds - told < 10) return;
      told = report.seconds;
      process.stderr.write(`fuzz: ${summary(report)}\n`);
    };
    const report = await runFuzz({ forMs, seed: number, onProgress });
    const { disagreement, ...counts } = report;
    if (disagreement !== null) {
      mkdirSync(dirname(join(root, found)), { recursive: true });
      const { input, ...rest } = disagreement;
      writeFileSync(join(root, found), `${JSON.stringify({ input: input.toString('latin1'), ...rest }, null, 2)}\n`);
    }
    if (json) process.stdout.write(`${JSON.stringify({ seed: number, ...counts, agree: disagreement === null })}\n`);
    else process.stdout.write(`${summary(report)}, seed ${number}\n${verdict(report)}\n`);
    return disagreement === null ? 0 : 1;
  },
);

function summary({ cases, fast, corpus, blocks, seconds }: FuzzReport): string {
  const share = ((100 * fast) / Math.max(cases, 1)).toFixed(0);
  return `${cases} messages in ${seconds.toFixed(0)} s, ${share} % of them fast; ${blocks} blocks reached, ${corpus} kept`;
}

function verdict({ disagreement }: FuzzReport): string {
  return disagreement === null ? 'The two paths agree.' : `The two paths disagree about the message in ${found}.`;
}
