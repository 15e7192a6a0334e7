import { runCommand, UsageError } from './support/command.ts';
import { applyPlan } from './topics/apply.ts';
import { applyDocument, jsonText, planDocument } from './topics/json.ts';
import { runMigrate } from './topics/migrate/command.ts';
import { openTarget } from './topics/open-target.ts';
import { type TopicsFlags, type TopicsOptions, topicsOptions } from './topics/options.ts';
import { makePlan, type Verdict, verdictOf } from './topics/plan.ts';
import type { TopicsTarget } from './topics/target.ts';
import { applyVerdict, checkVerdict, planLines, planVerdict, safeText } from './topics/text.ts';
import { appliedLine } from './topics/text-steps.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

type Action = (target: TopicsTarget, options: TopicsOptions, json: boolean) => Promise<number>;

/** A pipeline tells `nothing to do` from `changes pending` by these. */
const planCodes: Readonly<Record<Verdict, number>> = { 'as-declared': 0, pending: 3, refused: 1, impossible: 1 };

const actions: Readonly<Record<string, Action>> = {
  async plan(target, options, json) {
    const plan = await makePlan(target, options.plan);
    const lines = [...planLines(plan, options), planVerdict(plan, options.again)];
    process.stdout.write(json ? jsonText(planDocument(plan)) : safeText(lines));
    return planCodes[verdictOf(plan)];
  },
  async check(target, options, json) {
    const plan = await makePlan(target, options.plan);
    const lines = [...planLines(plan, options), checkVerdict(plan, options.again)];
    process.stdout.write(json ? jsonText(planDocument(plan)) : safeText(lines));
    return verdictOf(plan) === 'as-declared' ? 0 : 1;
  },
  async apply(target, options, json) {
    const show = (lines: readonly string[]) => (json ? process.stderr : process.stdout).write(safeText(lines));
    const report = await applyPlan(target, options.plan, {
      onPlan: (plan) => show(planLines(plan, options)),
      onApplied: (applied) => show([appliedLine(applied)]),
    });
    if (json) process.stdout.write(jsonText(applyDocument(report)));
    else show([applyVerdict(report)]);
    return report.failure === undefined && verdictOf(report.after) === 'as-declared' ? 0 : 1;
  },
};

function actionOf([name, ...rest]: readonly string[]): Action {
  const action = name === undefined ? undefined : actions[name];
  if (!action || rest.length > 0) {
    const given = name === undefined ? 'nothing' : `'${[name, ...rest].join(' ')}'`;
    throw new UsageError(`it takes one of ${Object.keys(actions).join(', ')}, not ${given}`);
  }
  return action;
}

if (process.argv[2] === 'migrate') await runMigrate();
else {
  await runCommand(
    {
      name: 'topics',
      summary:
        'The declared topics (infra/topics.ts) against those of a cluster: shows the difference, and makes it so.',
      usage: [
        'plan',
        'apply --target kafka --bootstrap broker1:9092,broker2:9092',
        'plan --target msk --cluster-name market --region eu-west-1',
        'check --json',
        'apply --accept-key-movement market.raw',
        'migrate --help',
      ],
      options: {
        ...{ target: text, bootstrap: text, declared: text, sample: text, json: flag },
        ...{ 'cluster-arn': text, 'cluster-name': text, region: text, 'brokers-via': text },
        'accept-key-movement': { type: 'string', multiple: true },
      },
      describe: {
        target:
          'local (.local/), kafka (KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY) or msk. Default: what the rest names, else local.',
        bootstrap: 'Brokers as host:port, by commas, in place of KAFKA_BOOTSTRAP_SERVERS.',
        'cluster-arn': 'The cluster of MSK, by its ARN.',
        'cluster-name': 'The cluster of MSK, by its name.',
        region: 'Its region, where the ARN does not say it, in place of AWS_REGION.',
        'brokers-via': 'Its brokers: private, public, vpc-connectivity or ipv6. Default: the first that it offers.',
        declared: 'A module that exports `topics`, in place of infra/topics.ts. Rights are left alone then.',
        sample: "About how many of a topic's last records tell which keys would move (default 6000).",
        'accept-key-movement': 'A topic that may get partitions although its keys lose their order. May be repeated.',
        json: 'Report in JSON: one document on stdout; the progress of `apply` goes to stderr.',
      },
      notes: [
        'On a cluster with an authorizer, the rights of infra/rights.ts too: what is missing is granted, nothing taken away.',
        '+ create, grant   ~ change config, add partitions   ✗ cannot change, refused   ? unknown extra: reported, never touched',
        'plan   changes nothing. Exit code 0: nothing to do, 3: changes to make, 1: refused, impossible or not reached.',
        'check  changes nothing. 0: all as declared, 1: not so, or not reached.',
        'apply  makes the changes, waits for leaders, looks again. 0: all as declared in the end, 1: not so. May be',
        '       interrupted and run again: what is done stays done. With one topic refused, nothing is changed at all.',
        '2: called wrongly. It takes the rights Describe, DescribeConfigs, Create, Alter and AlterConfigs on the topics;',
        'with an authorizer, Alter and Describe on the cluster too;',
        'plan and check Describe and DescribeConfigs, and Read on topics and Describe on groups to tell what would lose its order.',
      ],
    },
    async ({ json, ...flags }, positionals) => {
      const action = actionOf(positionals);
      const options = await topicsOptions(flags satisfies TopicsFlags, process.env);
      const target = await openTarget(options.target);
      try {
        return await action(target, options, json);
      } finally {
        await target.close();
      }
    },
  );
}
