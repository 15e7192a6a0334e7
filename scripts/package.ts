import { parameterNotes, readTarget, targetDescriptions, targetOptions } from './package/options.ts';
import { keepTemplate, packageStage } from './package/package-stage.ts';
import { packagedJson, packagedText } from './package/text.ts';
import { runCommand } from './support/command.ts';

await runCommand(
  {
    name: 'package',
    summary: 'Packages each function as the target of a Kafka event source, and checks the packages. Needs no account.',
    usage: ['--stage dev --param clusterArn=arn:aws:kafka:...', '--stage prod --self-managed', '--stage dev --save'],
    options: { ...targetOptions, save: { type: 'boolean', default: false } },
    describe: {
      ...targetDescriptions,
      save: 'Keep the template as what the stage has now, for `deploy --dry-run` to compare with.',
    },
    notes: parameterNotes,
  },
  async ({ json, save, ...flags }, positionals) => {
    const target = readTarget(flags, positionals);
    const packaged = await packageStage(target, { uncertified: flags.uncertified });
    if (save) process.stderr.write(`Kept as what the stage has now: ${keepTemplate(packaged)}\n`);
    process.stdout.write(json ? `${JSON.stringify(packagedJson(packaged), null, 2)}\n` : packagedText(packaged));
    return 0;
  },
);
