import { buildImage } from './image/build-image.ts';
import { engineNames, readImageOptions } from './image/options.ts';
import { runCommand } from './support/command.ts';

const text = { type: 'string' } as const;
/** An argument as a shell takes it. */
const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;

const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'image',
    summary: 'Makes a container image of all functions. Refuses bundles that npm run certify has not passed.',
    usage: ['', '--engine podman --tag registry.example.com/hft-engine:0.1.0', '--dry-run'],
    options: { engine: text, tag: text, base: text, uncertified: text, 'dry-run': flag, json: flag },
    describe: {
      engine: `What builds: ${engineNames.join(', ')}. Default: the first that can.`,
      tag: 'Name and version of the image. Default: hft-engine and the version of package.json.',
      base: 'The image to build on, in place of the one that infra/image/Dockerfile names.',
      uncertified: 'Digests, with commas between, of bundles to take although they have no passing certificate.',
      'dry-run': 'Show the command that would run, with no engine.',
      json: 'Report in JSON.',
    },
  },
  async ({ json, 'dry-run': dryRun, ...flags }, positionals) => {
    const image = await buildImage(readImageOptions(flags, positionals), { dryRun });
    const { engine, tag, bundles, command } = image;
    const lines = [
      dryRun ? `Would build ${tag} with ${engine}:` : `Built ${tag} with ${engine}`,
      ...(dryRun ? [`  ${command.map(quoted).join(' ')}`] : []),
      ...bundles.map(({ file, sha256, certificate }) => `${file.padEnd(14)} ${sha256}  certificate: ${certificate}`),
    ];
    process.stdout.write(json ? `${JSON.stringify({ ...image, built: !dryRun }, null, 2)}\n` : `${lines.join('\n')}\n`);
    return 0;
  },
);
