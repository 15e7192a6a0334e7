import { type DeployedFunction, onFailureOf, parkedTopicsOf } from './functions.ts';
import { kafkaArn, logicalId, variable } from './names.ts';

/** A statement of a role's policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** A policy within a role. */
export interface Policy {
  readonly PolicyName: string;
  readonly PolicyDocument: { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] };
}

/** Who may take the role: the service, which polls with the function's own role too. */
export const assume = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
} as const;

/** The ARNs of the account that a role names. */
export interface PolicyArns {
  /** The cluster of MSK; `undefined` for any other. */
  readonly cluster: string | undefined;
  /** Secrets that the service or the function reads, by the Sid of their statement. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** All that a function, and the pollers that call it, may do. */
export function policiesOf(one: DeployedFunction, { cluster, secrets }: PolicyArns): Policy[] {
  const reads = Object.entries(secrets).map(
    ([sid, arn]): Statement => allow(sid, ['secretsmanager:GetSecretValue'], arn),
  );
  return [
    policy('logs', [
      // Streams are named by Lambda, so the group's ARN, which ends in a star, is as near as it gets.
      allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], {
        'Fn::GetAtt': [`${logicalId(one.name)}LogGroup`, 'Arn'],
      }),
    ]),
    policy('network', networkStatements(one.name)),
    ...(cluster === undefined ? [] : [policy('msk', kafkaStatements(one, cluster))]),
    ...(reads.length === 0 ? [] : [policy('secret', reads)]),
  ];
}

const networkActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeVpcs',
];

function networkStatements(name: string): Statement[] {
  const [partition, region, id] = ['AWS::Partition', 'AWS::Region', 'AWS::AccountId'].map(variable);
  const functionName = `${variable('self:service')}-${variable('sls:stage')}-${name}`;
  const functionArn = `arn:${partition}:lambda:${region}:${id}:function:${functionName}`;
  return [
    // Describe takes no resource, and Lambda refuses a role that may not do the others on all of them: it names the
    // interfaces itself.
    allow('AttachToVpc', networkActions, '*'),
    // Those rights are for the service. The function's own code gets none of them.
    {
      Sid: 'KeepTheCodeFromIt',
      Effect: 'Deny',
      Action: networkActions,
      Resource: '*',
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': [{ 'Fn::Sub': functionArn }] } },
    },
  ];
}

/** What it takes on a cluster of MSK. Each kind of action counts only on its own kind of ARN. */
export function kafkaStatements(one: DeployedFunction, cluster: string): Statement[] {
  const { source, output, deadLetters, group } = one;
  const topic = (name: string): string => kafkaArn(cluster, 'topic', name);
  // The function asks for max.message.bytes, in one request for its topics.
  const describe = ['kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'];
  const written = [...(output === null ? [] : [output]), deadLetters, onFailureOf(one)]; // the last one is Lambda's own
  const parked = parkedTopicsOf(one);
  return [
    allow('FindBrokers', ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], cluster),
    allow(
      'Connect',
      [
        'kafka-cluster:Connect',
        'kafka-cluster:DescribeCluster',
        'kafka-cluster:DescribeClusterDynamicConfiguration',
        // Our producer is idempotent: a request that is sent again is stored once.
        'kafka-cluster:WriteDataIdempotently',
      ],
      cluster,
    ),
    allow('Read', [...describe, 'kafka-cluster:ReadData'], topic(source)),
    allow('Write', [...describe, 'kafka-cluster:WriteData'], written.map(topic)),
    ...(parked.length === 0
      ? []
      : [allow('ParkKeys', [...describe, 'kafka-cluster:ReadData', 'kafka-cluster:WriteData'], parked.map(topic))]),
    allow(
      'BeInTheGroup',
      ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
      kafkaArn(cluster, 'group', group),
    ),
  ];
}

function policy(name: string, statements: readonly Statement[]): Policy {
  return { PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } };
}

function allow(sid: string, actions: readonly string[], resource: unknown): Statement {
  const [only, ...others] = actions;
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: only !== undefined && others.length === 0 ? only : actions,
    Resource: resource,
  };
}
