import type { BrokerFacts, ClusterFacts } from '../support/kafka/cluster-facts.ts';
import type { Trouble } from '../support/kafka/trouble.ts';
import { count } from '../support/words.ts';
import type { Finding } from './finding.ts';

/** Nobody answers: one finding that names every address that was tried. */
export function diagnoseUnreachable(attempts: readonly { address: string; trouble: Trouble }[]): Finding[] {
  const [first] = attempts;
  if (!first) return [];
  const alike = attempts.every(({ trouble }) => trouble.cause === first.trouble.cause);
  return [
    {
      severity: 'problem',
      area: 'cluster',
      what: `no broker answers at ${attempts.map(({ address }) => address).join(', ')}`,
      cause: alike
        ? first.trouble.cause
        : `${attempts.map(({ address, trouble }) => `${address}: ${trouble.cause.replace(/\.$/, '')}`).join('; ')}.`,
      remedy: first.trouble.remedy,
    },
  ];
}

/** What is wrong with the brokers of a cluster that answers. */
export function diagnoseBrokers(cluster: ClusterFacts): Finding[] {
  return [
    ...cluster.brokers.flatMap((broker) => brokerFindings(broker, cluster)),
    ...bootstrapFindings(cluster),
    ...leaderFindings(cluster),
  ];
}

function brokerFindings({ nodeId, address, trouble }: BrokerFacts, cluster: ClusterFacts): Finding[] {
  if (address === undefined) {
    return [
      {
        severity: 'problem',
        area: 'cluster',
        what: `broker ${nodeId} is down`,
        cause: 'It holds replicas, but is not among the brokers that the cluster lists.',
        remedy: `Start it again ('npm run cluster -- restart ${nodeId}' for the local cluster), and look at its log.`,
      },
    ];
  }
  if (!trouble) return [];
  // An address that only the cluster names is one that this machine may be unable to use.
  const advertised = !cluster.bootstrap.some((one) => one.address === address);
  return [
    {
      severity: 'problem',
      area: 'cluster',
      what: `broker ${nodeId} does not answer at ${address}`,
      cause: trouble.cause,
      remedy: advertised
        ? `${trouble.remedy} The cluster gave this address: if it is not one for here, correct advertised.listeners.`
        : trouble.remedy,
    },
  ];
}

/** Bootstrap addresses of listed brokers are covered by the broker's own finding. */
function bootstrapFindings({ bootstrap, brokers }: ClusterFacts): Finding[] {
  return bootstrap.flatMap(({ address, trouble }): Finding[] => {
    if (!trouble || brokers.some((broker) => broker.address === address)) return [];
    return [
      {
        severity: 'warning',
        area: 'cluster',
        what: `the bootstrap server ${address} does not answer`,
        cause: trouble.cause,
        remedy: 'Bring that broker back, or take it out of KAFKA_BOOTSTRAP_SERVERS.',
      },
    ];
  });
}

function leaderFindings(cluster: ClusterFacts): Finding[] {
  const up = cluster.brokers.filter(({ answeredInMs }) => answeredInMs !== undefined);
  const led = leadersByBroker(cluster);
  const total = up.reduce((sum, { nodeId }) => sum + (led.get(nodeId) ?? 0), 0);
  if (up.length < 2 || up.length < cluster.brokers.length || total < 10 * up.length) return [];
  const fair = total / up.length;
  const uneven = up.filter(({ nodeId }) => Math.abs((led.get(nodeId) ?? 0) - fair) > fair / 2);
  if (uneven.length === 0) return [];
  const shares = up.map(({ nodeId }) => `broker ${nodeId} leads ${led.get(nodeId) ?? 0}`).join(', ');
  return [
    {
      severity: 'warning',
      area: 'cluster',
      what: `leaders are uneven: ${shares} of ${count(total, 'partition')}`,
      cause: 'A broker that was down gave its partitions away and has not got them back.',
      remedy:
        'Wait 5 minutes for the brokers to even it out, or run kafka-leader-election.sh --election-type preferred.',
    },
  ];
}

/** How many of the partitions that were looked at each broker leads. */
export function leadersByBroker({ topics }: ClusterFacts): Map<number, number> {
  const led = new Map<number, number>();
  for (const { leader } of topics.flatMap(({ partitions }) => partitions)) led.set(leader, (led.get(leader) ?? 0) + 1);
  return led;
}
