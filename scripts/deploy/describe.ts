import type { Resource, Template } from '../package/template.ts';

/** Resources that belong together, each in lines for a person. */
export interface Group {
  readonly title: string;
  readonly lines: readonly string[];
}

type Describe = (id: string, resource: Resource) => string[];

const seconds = (value: number): string => (value % 86_400 === 0 ? `${value / 86_400} d` : `${value} s`);

/** A reference or a join as the name in it, a text as it is. */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [inner] = Object.values(value);
  return Array.isArray(inner) ? inner.map(plain).join('.') : String(inner);
}

function listOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(plain);
}

const describeTopic: Describe = (_, { Properties: topic = {} }) => {
  const configs = JSON.parse(Buffer.from(topic.Configs ?? 'e30=', 'base64').toString('utf8')) as Record<string, string>;
  const settings = Object.entries(configs).map(([name, value]) => `${name}=${value}`);
  return [
    `${topic.TopicName}: ${topic.PartitionCount} partitions x ${topic.ReplicationFactor}, ${settings.join(', ')}`,
  ];
};

function reserved({ ReservedConcurrentExecutions: calls }: NonNullable<Resource['Properties']>): string {
  return calls === undefined ? '' : `, at most ${calls} calls at once`;
}

const describeFunction: Describe = (_, { Properties: made = {}, Metadata }) => [
  `${made.FunctionName}: ${made.Handler}, ${made.Runtime}, ${listOf(made.Architectures)}, ${made.MemorySize} MB, timeout ${made.Timeout} s${reserved(made)}`,
  `bundle sha256 ${Metadata?.BundleSha256}`,
  `subnets ${listOf(made.VpcConfig?.SubnetIds).join(', ')}; security groups ${listOf(made.VpcConfig?.SecurityGroupIds).join(', ')}`,
  ...Object.entries(made.Environment?.Variables ?? {}).map(([name, value]) => `${name}=${plain(value)}`),
];

const describeMapping: Describe = (id, { Properties: mapping = {}, DependsOn }) => {
  const { MinimumPollers, MaximumPollers } = mapping.ProvisionedPollerConfig ?? {};
  const group = mapping.AmazonManagedKafkaEventSourceConfig ?? mapping.SelfManagedKafkaEventSourceConfig;
  return [
    `${id}: ${listOf(mapping.Topics)} as ${group?.ConsumerGroupId}, from ${mapping.StartingPosition} when the group is new`,
    `${MinimumPollers} to ${MaximumPollers} pollers, batches of up to ${mapping.BatchSize}, ${listOf(mapping.FunctionResponseTypes)}`,
    `gives up after ${mapping.MaximumRetryAttempts} retries or ${seconds(mapping.MaximumRecordAgeInSeconds)}, then to ` +
      plain(mapping.DestinationConfig?.OnFailure?.Destination),
    `after ${listOf(DependsOn).join(', ')}`,
  ];
};

interface Statement {
  readonly Effect: string;
  readonly Action: unknown;
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const describeRole: Describe = (id, { Properties: role = {} }) => [
  `${id}:`,
  ...(role.Policies ?? []).flatMap(({ PolicyDocument }: { PolicyDocument: { Statement: readonly Statement[] } }) =>
    PolicyDocument.Statement.map(({ Effect, Action, Resource, Condition }) => {
      const verb = Effect === 'Allow' ? 'may' : 'must not';
      const when = Condition === undefined ? '' : ', when the code itself asks';
      return `  ${verb} ${listOf(Action).join(', ')} on ${listOf(Resource).join(', ')}${when}`;
    }),
  ),
];

const describeAlarm: Describe = (id, { Properties: alarm = {} }) => {
  const told = alarm.AlarmActions?.length > 0 ? listOf(alarm.AlarmActions).join(', ') : 'nobody is told';
  const times = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  const sign = alarm.ComparisonOperator === 'GreaterThanThreshold' ? '>' : '>=';
  return [
    `${id}: ${alarm.MetricName} ${sign} ${alarm.Threshold} in ${times} of ${alarm.EvaluationPeriods} x ${alarm.Period} s, ` +
      `missing data ${alarm.TreatMissingData}; ${told}`,
  ];
};

const groups: readonly { readonly title: string; readonly types: readonly string[]; readonly describe: Describe }[] = [
  { title: 'Topics', types: ['AWS::MSK::Topic'], describe: describeTopic },
  { title: 'Functions', types: ['AWS::Lambda::Function'], describe: describeFunction },
  { title: 'Mappings', types: ['AWS::Lambda::EventSourceMapping'], describe: describeMapping },
  { title: 'What the roles may do', types: ['AWS::IAM::Role'], describe: describeRole },
  { title: 'Alarms', types: ['AWS::CloudWatch::Alarm'], describe: describeAlarm },
];

/** All resources of a template, the well-known ones in words. */
export function describeTemplate({ Resources }: Template): Group[] {
  const all = Object.entries(Resources);
  const known = groups.map(({ title, types, describe }) => ({
    title,
    lines: all.filter(([, { Type }]) => types.includes(Type)).flatMap(([id, resource]) => describe(id, resource)),
  }));
  const described = groups.flatMap(({ types }) => types);
  const others = all.filter(([, { Type }]) => !described.includes(Type)).map(([id, { Type }]) => `${id}: ${Type}`);
  return [...known, { title: 'Others', lines: others }].filter(({ lines }) => lines.length > 0);
}
