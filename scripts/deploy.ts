import { topics } from '../infra/topics.ts';
import { requireCredentials } from './deploy/credentials.ts';
import { deployStage, isPossible, planDeployment } from './deploy/deploy-stage.ts';
import { changesText, templateText } from './deploy/text.ts';
import { parameterNotes, readTarget, targetDescriptions, targetOptions } from './package/options.ts';
import { packageStage } from './package/package-stage.ts';
import { packagedJson, packagedText } from './package/text.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';

await runCommand(
  {
    name: 'deploy',
    summary: 'Packages a stage and deploys it with `serverless deploy`, or shows what that would change.',
    usage: ['--stage dev --dry-run', '--stage dev --dry-run --against before.json', '--stage prod'],
    options: {
      ...targetOptions,
      'dry-run': { type: 'boolean', default: false },
      against: { type: 'string' },
      'accept-key-movement': { type: 'string', multiple: true },
    },
    describe: {
      ...targetDescriptions,
      'dry-run': 'Show what would be deployed and what it changes, without an account or a network.',
      against: 'The template to compare with (default: what the last deploy, or `package --save`, kept).',
      'accept-key-movement': 'A topic that may get partitions although its keys lose their order. May be repeated.',
    },
    notes: [
      'A dry run ends with 0 when the changes can be made and 1 when one is impossible, or refused: partitions that',
      'would move keys. It knows templates only: what was changed in the account by hand, it does not see.',
      '',
      ...parameterNotes,
    ],
  },
  async ({ json, against, 'dry-run': dryRun, 'accept-key-movement': accepted = [], ...flags }, positionals) => {
    const stranger = accepted.find((name) => !topics.some((topic) => topic.name === name));
    if (stranger !== undefined)
      throw new UsageError(`--accept-key-movement '${stranger}' is no topic of infra/topics.ts`);
    const target = readTarget(flags, positionals);
    if (!dryRun) requireCredentials(process.env);
    const packaged = await packageStage(target, dryRun ? 'only looking' : { uncertified: flags.uncertified });
    const plan = planDeployment(packaged, against, accepted);
    const changes =
      plan.against === undefined
        ? 'There is no earlier template to compare with: all of this would be new.\n'
        : changesText(plan.changes, plan.against);
    if (json) {
      const report = { ...packagedJson(packaged), against: plan.against, changes: plan.changes };
      process.stdout.write(`${JSON.stringify({ ...report, resources: packaged.template.Resources }, null, 2)}\n`);
    } else {
      const contents = dryRun ? `${templateText(packaged.template)}\n` : '';
      process.stdout.write(`${packagedText(packaged)}\n${contents}${changes}`);
    }
    if (!isPossible(plan)) {
      if (!dryRun) throw new CommandError('A change is impossible or refused: nothing was deployed');
      return 1;
    }
    if (!dryRun) await deployStage(plan);
    return 0;
  },
);
