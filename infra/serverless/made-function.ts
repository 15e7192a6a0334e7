import { alarmsOf } from './alarms.ts';
import { databaseShape, type FunctionShape, isDatabaseFunction, likeProcessor } from './database-functions.ts';
import { type DeployedFunction, onFailureOf, topicsOf } from './functions.ts';
import { logicalId, mappingId, typeName, variable } from './names.ts';
import type { Variant } from './parameters.ts';
import { assume, policiesOf } from './policies.ts';
import type { StageName } from './stages.ts';
import { retentionSeconds, topicLogicalId } from './topics.ts';

/** What is known of the account while a template is made. */
export interface Surroundings {
  readonly variant: Variant;
  readonly stage: StageName;
  readonly clusterArn: string | undefined;
  /** The SCRAM user of a self-managed cluster, by function. */
  readonly kafkaSecretOf: (name: string) => string;
  readonly databaseSecretArn: string;
  readonly alarmActions: readonly string[];
  readonly sha256Of: (bundle: string) => string;
}

/** The parts of a function for serverless.yml. Of the processor that file says itself what it is and why. */
export function madeFunction(one: DeployedFunction, around: Surroundings): { function: object; stack: object } {
  const shape = isDatabaseFunction(one.name) ? databaseShape(one.name, around.stage) : likeProcessor(around.variant);
  return { function: functionOf(one, shape, around), stack: stackOf(one, around) };
}

function functionOf(one: DeployedFunction, shape: FunctionShape, around: Surroundings): object {
  const { memorySize, timeout, reservedConcurrency, environment } = shape;
  return {
    handler: `${one.bundle.replace(/\.mjs$/, '')}.${one.name}`,
    package: { patterns: [one.bundle] },
    role: `${typeName(one.name)}Role`,
    ...{ memorySize, timeout },
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    logRetentionInDays: variable('param:logRetentionDays'),
    vpc: variable('self:functions.processor.vpc'),
    environment: { ...kafkaEnvironment(one, around), ...environment },
    events: [around.variant === 'msk' ? { msk: mskEvent(one, shape) } : { kafka: kafkaEvent(one, shape, around) }],
  };
}

const settings = (name: string): string => variable(`self:functions.processor.environment.${name}`);

function kafkaEnvironment({ name }: DeployedFunction, { variant, kafkaSecretOf }: Surroundings): object {
  const own = (key: string): string => `{{resolve:secretsmanager:${kafkaSecretOf(name)}:SecretString:${key}}}`;
  const names = ['KAFKA_BOOTSTRAP_SERVERS', 'KAFKA_SECURITY', 'LOG_LEVEL'];
  const waits = ['STARTUP_TIMEOUT_MS', 'DEPENDENCY_WAIT_MS', 'DEADLINE_MARGIN_MS'];
  return {
    ...Object.fromEntries([...names, ...waits].map((one) => [one, settings(one)])),
    ...(variant === 'msk' ? {} : { KAFKA_USERNAME: own('username'), KAFKA_PASSWORD: own('password') }),
  };
}

function polling({ source, group }: DeployedFunction, { batchSize, pollers }: FunctionShape): object {
  return {
    topic: source,
    consumerGroupId: group,
    startingPosition: 'TRIM_HORIZON',
    batchSize,
    provisionedPollerConfig: pollers,
  };
}

function mskEvent(one: DeployedFunction, shape: FunctionShape): object {
  return { arn: { Ref: 'ClusterArn' }, ...polling(one, shape) };
}

function kafkaEvent(one: DeployedFunction, shape: FunctionShape, { kafkaSecretOf }: Surroundings): object {
  return {
    accessConfigurations: {
      saslScram512Auth: [kafkaSecretOf(one.name)],
      vpcSubnet: variable('self:functions.processor.vpc.subnetIds'),
      vpcSecurityGroup: variable('self:functions.processor.vpc.securityGroupIds'),
    },
    bootstrapServers: variable('file(infra/serverless/resolve.js):bootstrapServers'),
    ...polling(one, shape),
  };
}

/** Role, mapping, alarms and outputs; of the processor too. */
function stackOf(one: DeployedFunction, around: Surroundings): object {
  const { name, source } = one;
  const { variant, clusterArn, alarmActions: actions } = around;
  const id = logicalId(name);
  const mapping = mappingId(name, source, variant);
  const secrets = {
    ...(variant === 'msk' ? {} : { ReadTheUser: around.kafkaSecretOf(name) }),
    ...(isDatabaseFunction(name) ? { ReadTheDatabaseUrls: around.databaseSecretArn } : {}),
  };
  return {
    Resources: {
      [`${typeName(name)}Role`]: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: assume,
          Policies: policiesOf(one, { cluster: variant === 'msk' ? clusterArn : undefined, secrets }),
        },
      },
      ...alarmsOf({ name, mappingId: mapping, actions }),
    },
    Outputs: outputsOf(one, mapping),
    extensions: {
      [`${id}LambdaFunction`]: { Metadata: { BundleSha256: around.sha256Of(one.bundle) } },
      [mapping]: {
        // A mapping on a topic that is not there yet fails; one without its dead-letter topic would stand still. On another
        // cluster they are made before.
        ...(variant === 'msk' ? { DependsOn: topicsOf(one).map(topicLogicalId) } : {}),
        Properties: mappingProperties(one),
      },
    },
  };
}

/** What osls' events cannot say; why it is so is in serverless.yml. */
function mappingProperties(one: DeployedFunction): object {
  return {
    FunctionResponseTypes: variable('self:custom.mapping.FunctionResponseTypes'),
    BisectBatchOnFunctionError: variable('self:custom.mapping.BisectBatchOnFunctionError'),
    MaximumRetryAttempts: variable('self:custom.mapping.MaximumRetryAttempts'),
    MaximumRecordAgeInSeconds: retentionSeconds(one.source),
    DestinationConfig: { OnFailure: { Destination: `kafka://${onFailureOf(one)}` } },
    MetricsConfig: variable('self:custom.mapping.MetricsConfig'),
  };
}

function outputsOf(one: DeployedFunction, mapping: string): object {
  const type = typeName(one.name);
  const id = logicalId(one.name);
  const output = (Description: string, Value: unknown) => ({ Description, Value });
  return {
    [`${type}FunctionArn`]: output('The function.', { 'Fn::GetAtt': [`${id}LambdaFunction`, 'Arn'] }),
    [`${type}MappingId`]: output(
      'The event source mapping, as `aws lambda get-event-source-mapping --uuid` takes it.',
      { Ref: mapping },
    ),
    [`${type}RoleArn`]: output('Who the function and its pollers are to the cluster.', {
      'Fn::GetAtt': [`${type}Role`, 'Arn'],
    }),
    [`${type}LogGroupName`]: output('Where it logs.', { Ref: `${id}LogGroup` }),
    [one.name === 'processor' ? 'OnFailureTopic' : `${type}OnFailureTopic`]: output(
      'Where Lambda puts what it gave up on.',
      onFailureOf(one),
    ),
  };
}
