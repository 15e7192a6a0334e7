import { logicalId, typeName, variable } from './names.ts';

/** Whose alarms, and who is told. */
export interface AlarmOptions {
  readonly name: string;
  readonly mappingId: string;
  /** ARNs; none where nobody is to be told. */
  readonly actions: readonly string[];
}

const perFunction = { Namespace: 'AWS/Lambda' } as const;
const atLeastOne = { Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' } as const;
/**
 * Milliseconds. Below what an attempt lasts while brokers or a database are away (80 s), and far above any batch.
 */
const nearTimeoutMs = 67_500;

/**
 * The alarms of a function. A metric that Lambda writes only when something happens is missing when all is well:
 * notBreaching. One that the mapping writes all the time is missing when nobody reads any more: breaching.
 */
export function alarmsOf({ name, mappingId, actions }: AlarmOptions): Record<string, object> {
  // The processor's had no prefix before there were others: another name would be another alarm.
  const prefix = name === 'processor' ? '' : typeName(name);
  const id = logicalId(name);
  const ofFunction = { ...perFunction, Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${id}LambdaFunction` } }] };
  const ofMapping = { ...perFunction, Dimensions: [{ Name: 'EventSourceMappingUUID', Value: { Ref: mappingId } }] };
  const deadLetters = {
    MetricNamespace: `${variable('self:service')}/${variable('sls:stage')}`,
    MetricName: `${prefix}DeadLetters`,
  };
  const alarm = (description: string, properties: object) => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `${name}: ${description}`,
      TreatMissingData: 'notBreaching',
      ...properties,
      AlarmActions: actions,
    },
  });
  const threeOfFive = { Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 3, OKActions: actions };
  const once = { Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, ...atLeastOne };
  return {
    // No data is no call: the topic is empty.
    [`${prefix}ErrorsAlarm`]: alarm(
      'whole batches fail (a crash, a time-out, a topic that is missing). They are delivered again.',
      { ...ofFunction, MetricName: 'Errors', Statistic: 'Sum', ...threeOfFive, ...atLeastOne },
    ),
    [`${prefix}DeadLettersMetric`]: {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: { Ref: `${id}LogGroup` },
        // The runtime logs one such line for each, in every host.
        FilterPattern: '"Record goes to the dead-letter topic"',
        MetricTransformations: [{ ...deadLetters, MetricValue: '1', DefaultValue: 0 }],
      },
    },
    // Lines make the metric: no line, no dead letter.
    [`${prefix}DeadLettersAlarm`]: alarm('records went to the dead-letter topic, with the reason in their headers.', {
      ...{ Namespace: deadLetters.MetricNamespace, MetricName: deadLetters.MetricName },
      ...once,
    }),
    [`${prefix}UndeliveredAlarm`]: alarm(
      'Lambda gave up on records and put them into the on-failure topic. Nothing should ever come here.',
      { ...ofMapping, MetricName: 'OnFailureDestinationDeliveredEventCount', ...once },
    ),
    [`${prefix}DroppedAlarm`]: alarm(
      'Lambda gave up on records and could not put them into the on-failure topic either. They are lost.',
      { ...ofMapping, MetricName: 'DroppedEventCount', ...once },
    ),
    [`${prefix}LagAlarm`]: alarm(
      'the group is behind and does not catch up, or nobody reads (a mapping that is disabled or refused).',
      {
        ...ofMapping,
        // In records, not in time: for Kafka sources Lambda documents lag only. Its IteratorAge is that of Kinesis and
        // DynamoDB. OffsetLag would be the same for one topic; this one comes with the mapping's KafkaMetrics, over all
        // partitions.
        MetricName: 'SumOffsetLag',
        ...{ Statistic: 'Maximum', Period: 60 },
        // Pollers take up to three minutes to become more.
        EvaluationPeriods: 10,
        ...{ Threshold: variable('param:lagAlarmRecords'), ComparisonOperator: 'GreaterThanThreshold' },
        TreatMissingData: 'breaching',
        OKActions: actions,
      },
    ),
    [`${prefix}DurationAlarm`]: alarm(
      'a call came near its timeout. Something is away or slow, or batches are too large for the memory.',
      {
        ...{ ...ofFunction, MetricName: 'Duration', Statistic: 'Maximum', ...threeOfFive },
        ...{ Threshold: nearTimeoutMs, ComparisonOperator: 'GreaterThanThreshold' },
      },
    ),
    [`${prefix}ThrottlesAlarm`]: alarm(
      'no concurrency is left for this function, in the account or of its own. The pollers wait, and the lag grows.',
      { ...ofFunction, MetricName: 'Throttles', Statistic: 'Sum', ...threeOfFive, DatapointsToAlarm: 5, ...atLeastOne },
    ),
  };
}
