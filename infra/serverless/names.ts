import type { Variant } from './parameters.ts';

/** As osls forms the logical ids of a function: `quote-spreads` is `QuoteDashspreads`. */
export function logicalId(name: string): string {
  return upperFirst(name.replaceAll('-', 'Dash'));
}

/** As osls forms that of a mapping: of its stream only letters and digits count. */
export function mappingId(name: string, source: string, variant: Variant): string {
  const stream = variant === 'msk' ? 'MSKClusterArn' : 'Kafka';
  return `${logicalId(name)}EventSourceMapping${stream}${upperFirst(source.replace(/[^0-9A-Za-z]/g, ''))}`;
}

/** `quote-spreads` is `QuoteSpreads`: what resources of our own are named by. */
export function typeName(name: string): string {
  return name.split('-').map(upperFirst).join('');
}

/** A variable of serverless.yml, for osls to put in what it stands for. */
export function variable(address: string): string {
  return `\${${address}}`;
}

/** `arn:...:cluster/name/id` names a topic as `arn:...:topic/name/id/<topic>`, and a group alike. */
export function kafkaArn(clusterArn: string, kind: 'topic' | 'group', name: string): string {
  return `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`;
}

/** The fourth part of an ARN. */
export function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
