// What serverless.yml has computed: `serverless` loads no TypeScript here, so this file only passes on what the ones
// beside it say.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deployedFunctions, onFailureOf } from './functions.ts';
import { madeFunction } from './made-function.ts';
import { regionOf } from './names.ts';
import { stages } from './stages.ts';
import { topicResources } from './topics.ts';

const clusterArn = ({ resolveVariable }) => resolveVariable('param:clusterArn');
const listOf =
  (name) =>
  async ({ resolveVariable }) =>
    (await resolveVariable(`param:${name}`)).split(',');

const [processor] = deployedFunctions;

export const params = Object.fromEntries(
  Object.entries(stages).map(([stage, { account, databasePollers: _, ...sizes }]) => [stage, { ...sizes, ...account }]),
);
export const kafka = { ...processor, onFailure: onFailureOf(processor) };
export const region = async (context) => regionOf(await clusterArn(context));
export const topics = async (context) => topicResources(await clusterArn(context));
export const subnetIds = listOf('subnetIds');
export const securityGroupIds = listOf('securityGroupIds');
export const bootstrapServers = listOf('bootstrapServers');

/** Every function by its name, in parts: `function`, and `stack` with all that goes with it. */
const made =
  (variant) =>
  async ({ resolveVariable }) => {
    const optional = (name) => resolveVariable(`param:${name}, ''`);
    const stage = await resolveVariable('sls:stage');
    const [cluster, secretArn, databaseSecretArn, alarmTopic, ...secrets] = await Promise.all(
      ['clusterArn', 'secretArn', 'databaseSecretArn', 'alarmTopicArn', ...ownSecrets.map(([, param]) => param)].map(
        optional,
      ),
    );
    const own = Object.fromEntries(ownSecrets.map(([name], index) => [name, secrets[index]]));
    const around = {
      ...{ variant, stage, databaseSecretArn, sha256Of },
      clusterArn: cluster === '' ? undefined : cluster,
      kafkaSecretOf: (name) => own[name] || secretArn,
      alarmActions: alarmTopic === '' ? [] : [alarmTopic],
    };
    return Object.fromEntries(deployedFunctions.map((one) => [one.name, madeFunction(one, around)]));
  };

/** Parameters with the SCRAM user of a function that is not the processor's. */
const ownSecrets = [
  ['storage', 'storageSecretArn'],
  ['analytics', 'analyticsSecretArn'],
];

export const msk = made('msk');
export const selfManaged = made('self-managed');

/** Which bundle a template is for: its archive's name tells nothing, and carries the time. */
function sha256Of(bundle) {
  return createHash('sha256')
    .update(readFileSync(new URL(`../../${bundle}`, import.meta.url)))
    .digest('hex');
}
