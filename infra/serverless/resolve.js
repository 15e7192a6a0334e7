// What serverless.yml has computed: `serverless` loads no TypeScript here, so this file only passes on what the ones
// beside it say.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { kafkaArns, regionOf } from './arns.ts';
import { stages } from './stages.ts';
import { mappingDependencies, processorTopics, sourceRetentionSeconds, topicResources } from './topics.ts';

const clusterArn = ({ resolveVariable }) => resolveVariable('param:clusterArn');
const listOf =
  (name) =>
  async ({ resolveVariable }) =>
    (await resolveVariable(`param:${name}`)).split(',');

export const params = Object.fromEntries(
  Object.entries(stages).map(([stage, { account, ...sizes }]) => [stage, { ...sizes, ...account }]),
);
export const kafka = processorTopics;
export const dependencies = mappingDependencies();
export const retentionSeconds = sourceRetentionSeconds();
export const region = async (context) => regionOf(await clusterArn(context));
export const topics = async (context) => topicResources(await clusterArn(context));
export const arns = async (context) => kafkaArns(await clusterArn(context));
export const subnetIds = listOf('subnetIds');
export const securityGroupIds = listOf('securityGroupIds');
export const bootstrapServers = listOf('bootstrapServers');
export const alarmActions = async ({ resolveVariable }) => {
  const topic = await resolveVariable("param:alarmTopicArn, ''");
  return topic === '' ? [] : [topic];
};
/** Which bundle a template is for: its archive's name tells nothing, and carries the time. */
export const bundleSha256 = () =>
  createHash('sha256')
    .update(readFileSync(new URL('../../dist/functions.mjs', import.meta.url)))
    .digest('hex');
