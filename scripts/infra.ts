import { explain } from './infra/explain.ts';
import { readState } from './infra/options.ts';
import { check, render } from './infra/render.ts';
import { explainText } from './infra/text.ts';
import { runCommand, UsageError } from './support/command.ts';
import { momentOption } from './support/moment.ts';
import { declaredPolicies, loadPolicy } from './support/policy-file.ts';

await runCommand(
  {
    name: 'infra',
    summary:
      'Renders the scaling policy of infra/scaling.ts to what KEDA, an HPA, Lambda and the local autoscaler take.',
    usage: [
      'render',
      'check [--at 2027-01-01T00:00+05:30] [--json]',
      'explain --lag 45000 --rate 60000 --instances 4 --at 2026-11-26T09:10+05:30 [--downstream degraded] [--json]',
    ],
    options: {
      lag: { type: 'string' },
      'worst-partition': { type: 'string' },
      rate: { type: 'string' },
      instances: { type: 'string' },
      at: { type: 'string' },
      downstream: { type: 'string' },
      policy: { type: 'string', default: 'prod' },
      json: { type: 'boolean' },
    },
    describe: {
      lag: 'explain: records behind, all partitions together (default 0).',
      'worst-partition': 'explain: records behind of the partition that is furthest behind; unknown without it.',
      rate: 'explain: records that arrive in a second (default 0).',
      instances: 'explain: instances that there are; the minimum of the policy without it.',
      at: 'A moment, ISO 8601 with its zone; now without it. check: the year whose holidays must be declared.',
      downstream: 'explain: healthy or degraded (default healthy).',
      policy: `explain: ${Object.keys(declaredPolicies).join(', ')}, or a file with the fields that differ from prod.`,
      json: 'Print one JSON document.',
    },
    notes: [
      'render writes what is different; check writes nothing, and exits 1 when something is or a policy is wrong.',
    ],
  },
  async (flags, positionals) => {
    const [action, ...rest] = positionals;
    if (rest.length > 0) throw new UsageError(`takes one of render, check and explain, not also '${rest.join(' ')}'`);
    const atMs = flags.at === undefined ? Date.now() : momentOption('at', flags.at);
    if (action === 'render') return render();
    if (action === 'check') return check(atMs, flags.json === true);
    if (action !== 'explain') throw new UsageError(`takes render, check or explain, not '${action ?? ''}'`);
    const policy = loadPolicy(flags.policy);
    const state = readState({ ...flags, worstPartition: flags['worst-partition'] }, policy);
    const explanations = explain(policy, state);
    const { history: _, ...seen } = state;
    const document = { policy: policy.name, state: seen, targets: explanations };
    process.stdout.write(
      flags.json ? `${JSON.stringify(document, null, 2)}\n` : explainText(flags.policy, policy, state, explanations),
    );
    return 0;
  },
);
