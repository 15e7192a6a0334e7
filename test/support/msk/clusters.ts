import type { Fields } from './shapes.ts';

/** A cluster of the account. */
export interface ClusterFixture {
  readonly arn: string;
  readonly name: string;
  readonly type?: 'PROVISIONED' | 'SERVERLESS';
  readonly kafkaVersion?: string;
  readonly state?: string;
  /** Members of GetBootstrapBrokersResponse. */
  readonly brokers?: Fields;
}

/** A cluster as the model has it. */
export function clusterInfo({
  arn,
  name,
  type = 'PROVISIONED',
  state = 'ACTIVE',
  kafkaVersion = '3.9.x',
}: ClusterFixture): Fields {
  const subnets = ['subnet-0a', 'subnet-0b', 'subnet-0c'];
  const kind =
    type === 'SERVERLESS'
      ? { Serverless: { VpcConfigs: [{ SubnetIds: subnets }] } }
      : {
          Provisioned: {
            BrokerNodeGroupInfo: { ClientSubnets: subnets, InstanceType: 'kafka.m7g.large' },
            NumberOfBrokerNodes: 3,
            CurrentBrokerSoftwareInfo: { KafkaVersion: kafkaVersion },
          },
        };
  return { ClusterArn: arn, ClusterName: name, ClusterType: type, State: state, ...kind };
}
