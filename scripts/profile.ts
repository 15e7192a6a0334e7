import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runContainer } from './bench/container.ts';
import { fill, withCluster, withTopics } from './bench/ground.ts';
import { flameGraph } from './profile/flame-graph.ts';
import { type CpuProfile, frameTree, hottest } from './profile/profile-tree.ts';
import { sourcesOfBundle } from './profile/source-files.ts';
import { CommandError, integerOption, runCommand } from './support/command.ts';

const bundle = fileURLToPath(new URL('../dist/functions.mjs', import.meta.url));
const say = (line: string): void => void process.stderr.write(`profile: ${line}\n`);

await runCommand(
  {
    name: 'profile',
    summary: 'Runs the processor over a backlog under the profiler of V8, and draws where its CPU time went.',
    usage: ['', '--records 500000 --out flame.svg', '--json'],
    options: {
      records: { type: 'string', default: '300000' },
      out: { type: 'string', default: 'dist/profile.svg' },
      top: { type: 'string', default: '20' },
      json: { type: 'boolean' },
    },
    describe: {
      records: 'Backlog that is worked off, of 2 contracts each.',
      out: 'Where the flame graph goes; the profile itself goes beside it, as .cpuprofile for the tools of a browser.',
      top: 'How many functions to list, by their own time.',
      json: 'Print the list as JSON.',
    },
    notes: [
      'It runs on a three-broker cluster of its own, or on KAFKA_BOOTSTRAP_SERVERS. All of the run is in it, also starting up:',
      'the more records, the less that weighs. Idle time is left out.',
    ],
  },
  async ({ records, out, top, json }) => {
    const count = integerOption('records', records, 1_000);
    const listed = integerOption('top', top, 1, 1_000);
    const sourceOf = await sourcesOfBundle(bundle);
    const profile = await profiled(count);
    const root = frameTree(profile, sourceOf);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, flameGraph(root, `Processor, ${count} records of 2 contracts: CPU time by function`));
    writeFileSync(out.replace(/(\.svg)?$/, '.cpuprofile'), JSON.stringify(profile));
    const rows = hottest(root, listed);
    if (json) process.stdout.write(`${JSON.stringify({ records: count, cpuUs: root.totalUs, functions: rows })}\n`);
    else {
      const lines = rows.map(
        ({ name, place, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${place}`,
      );
      process.stdout.write(`${lines.join('\n')}\nFlame graph: ${out}\n`);
    }
    return 0;
  },
);

async function profiled(count: number): Promise<CpuProfile> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-profile-'));
  try {
    await withCluster(say, async (bootstrapServers) => {
      await withTopics(bootstrapServers, 'profile', async (topics) => {
        await fill(topics, count, say);
        say('the processor works it off ...');
        await runContainer(topics, bundle, count, undefined, ['--cpu-prof', `--cpu-prof-dir=${dir}`]);
      });
    });
    const [file] = readdirSync(dir);
    if (file === undefined) throw new CommandError('the processor wrote no profile: it did not end in order');
    return JSON.parse(readFileSync(join(dir, file), 'utf8'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
