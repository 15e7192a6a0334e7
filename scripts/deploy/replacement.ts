/**
 * The properties whose change makes CloudFormation put a new resource in the place of the old one, by type: "Update
 * requires: Replacement" in its reference, for the types that serverless.yml has.
 */
const replacing: Readonly<Record<string, readonly string[]>> = {
  'AWS::MSK::Topic': ['ClusterArn', 'TopicName', 'ReplicationFactor'],
  'AWS::Lambda::EventSourceMapping': [
    'EventSourceArn',
    'SelfManagedEventSource',
    'StartingPosition',
    'StartingPositionTimestamp',
    // The group is given to a mapping when it is made.
    'AmazonManagedKafkaEventSourceConfig',
    'SelfManagedKafkaEventSourceConfig',
  ],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType'],
  'AWS::IAM::Role': ['RoleName', 'Path'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::Logs::MetricFilter': ['LogGroupName', 'FilterName'],
  'AWS::CloudWatch::Alarm': ['AlarmName'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::S3::BucketPolicy': ['Bucket'],
};

/** Whether a change at `path`, such as `Properties.TopicName`, replaces a resource of this type. */
export function replaces(type: string, path: string): boolean {
  return (
    replacing[type]?.some((name) => path === `Properties.${name}` || path.startsWith(`Properties.${name}.`)) ?? false
  );
}
