import { writeFileSync } from 'node:fs';
import { readCosts, readSweep, readTrace } from './simulate/options.ts';
import { comparisonText, simulationJson, simulationText, sweepText } from './simulate/report.ts';
import { simulate } from './simulate/simulation.ts';
import { simulationSvg } from './simulate/svg.ts';
import { sweep } from './simulate/sweep.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';
import { declaredPolicies, loadPolicy } from './support/policy-file.ts';

await runCommand(
  {
    name: 'simulate',
    summary: 'Replays a trace of arrivals against a scaling policy, a second at a time, with measured costs.',
    usage: [
      '',
      '--trace yesterday.csv --at 2026-11-25T00:00+05:30',
      '--policy prod --compare lazier.yaml --svg scaling.svg',
      '--sweep down.windowSeconds=60,300,900',
      '--sweep costs.startUpSeconds=2,20,60',
      '--start-up 20s --json',
    ],
    options: {
      trace: { type: 'string' },
      at: { type: 'string' },
      scale: { type: 'string', default: '1' },
      policy: { type: 'string', default: 'prod' },
      compare: { type: 'string' },
      sweep: { type: 'string' },
      'records-per-second': { type: 'string' },
      'start-up': { type: 'string' },
      rebalance: { type: 'string' },
      svg: { type: 'string' },
      json: { type: 'boolean' },
    },
    describe: {
      trace: 'A file of lines seconds,records per second; without it a made-up day of the NSE.',
      at: 'When the trace begins, for the calendar; without it midnight of 2026-11-26 in India.',
      scale: 'Every rate of the trace times this.',
      policy: `${Object.keys(declaredPolicies).join(', ')}, or a file (JSON, YAML) with the fields that differ from prod.`,
      compare: 'Another policy, shown beside the first.',
      sweep: 'A field of the policy, or of the costs, and its values: one run each.',
      'records-per-second':
        'What one instance does (the processor, measured: 21500; another function: what its policy says).',
      'start-up': 'From asking for an instance to its joining the group (measured: 2s; a new node: minutes).',
      rebalance: 'How long a change of members stops the group (measured: 600ms).',
      svg: 'Write a picture to this file.',
      json: 'Print one JSON document.',
    },
    notes: ['Lag above the target, drain and instance-hours are as infra/scaling/policy.ts defines them.'],
  },
  async (flags, positionals) => {
    if (positionals.length > 0) throw new UsageError(`takes options only, not '${positionals.join(' ')}'`);
    if (flags.sweep !== undefined && (flags.compare ?? flags.svg) !== undefined) {
      throw new UsageError('--sweep goes with neither --compare nor --svg');
    }
    const trace = readTrace(flags.trace, flags.at, flags.scale);
    const policy = loadPolicy(flags.policy);
    const costs = readCosts(flags, policy);
    if (flags.sweep !== undefined) {
      const swept = readSweep(flags.sweep);
      const runs = sweep(policy, trace, costs, swept);
      const { field } = swept;
      process.stdout.write(flags.json ? `${JSON.stringify({ field, runs }, null, 2)}\n` : sweepText(field, runs));
      return 0;
    }
    const named = [flags.policy, ...(flags.compare === undefined ? [] : [flags.compare])].map((name) => ({
      name,
      simulation: simulate(loadPolicy(name), trace, costs),
    }));
    if (flags.svg !== undefined) writePicture(flags.svg, simulationSvg(named));
    if (flags.json) {
      const document = { costs, simulations: named.map(({ name, simulation }) => simulationJson(name, simulation)) };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      const utf8 = /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '');
      const look = { color: false, unicode: utf8 || process.platform === 'darwin' };
      const texts = named.map(({ simulation }) => simulationText(simulation, look));
      process.stdout.write([...texts, ...(named.length > 1 ? [comparisonText(named)] : [])].join('\n'));
    }
    return 0;
  },
);

function writePicture(file: string, svg: string): void {
  try {
    writeFileSync(file, svg);
  } catch (error) {
    throw new CommandError(`cannot write ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}
