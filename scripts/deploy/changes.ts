import { topics } from '../../infra/topics.ts';
import type { Resource, Template } from '../package/template.ts';
import { replaces } from './replacement.ts';

/** One property that differs. `undefined` where there is none. */
export interface PropertyChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What would become of one resource. */
export interface ResourceChange {
  readonly id: string;
  readonly type: string;
  readonly action: 'create' | 'update' | 'replace' | 'remove' | 'refused' | 'impossible';
  readonly properties: readonly PropertyChange[];
  /** What a person should know of it before saying yes. */
  readonly notes: readonly string[];
}

/**
 * What CloudFormation would do to get from one template to the other, as far as the templates tell, and what of it is
 * refused here: partitions that move keys whose order is relied on, unless that is accepted for the topic by name.
 */
export function changesBetween(before: Template, after: Template, accepted: readonly string[] = []): ResourceChange[] {
  const ids = [...new Set([...Object.keys(before.Resources), ...Object.keys(after.Resources)])];
  return ids.flatMap((id) => {
    const change = changeOf(id, before.Resources[id], after.Resources[id], accepted);
    return change === undefined ? [] : [change];
  });
}

function changeOf(
  id: string,
  before: Resource | undefined,
  after: Resource | undefined,
  accepted: readonly string[],
): ResourceChange | undefined {
  if (before === undefined) return after && { id, type: after.Type, action: 'create', properties: [], notes: [] };
  if (after === undefined) {
    const kept = before.DeletionPolicy === 'Retain' ? ['the thing itself stays, the stack forgets it'] : [];
    return { id, type: before.Type, action: 'remove', properties: [], notes: kept };
  }
  const properties = differences('', withoutTime(before), withoutTime(after));
  if (properties.length === 0) return undefined;
  const replaced = before.Type !== after.Type || properties.some(({ path }) => replaces(after.Type, path));
  const { verdict, notes } = knowledgeOf(after, properties, accepted);
  return { id, type: after.Type, action: verdict ?? (replaced ? 'replace' : 'update'), properties, notes };
}

/** The key of the archive carries the time of packaging. Whether the code differs, the bundle's digest tells. */
function withoutTime(resource: Resource): unknown {
  if (resource.Type !== 'AWS::Lambda::Function') return resource;
  const { Code: _, ...properties } = resource.Properties ?? {};
  return { ...resource, Properties: properties };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function differences(path: string, before: unknown, after: unknown): PropertyChange[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => differences(path === '' ? name : `${path}.${name}`, before[name], after[name]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function knowledgeOf(
  { Type: type, Properties: wanted }: Resource,
  properties: readonly PropertyChange[],
  accepted: readonly string[],
): { verdict?: 'refused' | 'impossible'; notes: string[] } {
  const notes: string[] = [];
  let verdict: 'refused' | 'impossible' | undefined;
  const of = (name: string): PropertyChange | undefined => properties.find(({ path }) => path === `Properties.${name}`);
  if (type === 'AWS::MSK::Topic') {
    const partitions = of('PartitionCount');
    // Another topic in its place: nothing in it can move.
    const isNew = of('TopicName') || of('ClusterArn') || of('ReplicationFactor');
    if (partitions && !isNew && Number(partitions.after) < Number(partitions.before)) {
      verdict = 'impossible';
      notes.push('Kafka cannot take partitions away: make a new topic under another name');
    } else if (partitions && !isNew) {
      const name = String(wanted?.TopicName);
      const risk = movementOf(name, accepted);
      if (risk.refused) verdict = 'refused';
      notes.push(...risk.notes);
      if (of('Configs')) notes.push('MSK changes partitions or settings in one request, not both: deploy twice');
    }
    if (isNew) {
      notes.push('the new topic is empty; the old one is kept, and nothing reads it any more');
    }
  }
  if (type === 'AWS::Lambda::EventSourceMapping') {
    if (of('StartingPosition')) notes.push('a group that exists goes on where it was, whatever the position says');
    if (properties.some(({ path }) => path.includes('ConsumerGroupId'))) {
      notes.push('a new group begins at the starting position: everything is read again');
    }
  }
  return { ...(verdict === undefined ? {} : { verdict }), notes };
}

/** What partitions that are added to a topic mean for its keys, and the ways that keep their order. */
function movementOf(name: string, accepted: readonly string[]): { refused: boolean; notes: string[] } {
  if (topics.find((topic) => topic.name === name)?.unordered === true) return { refused: false, notes: [] };
  const danger = 'keys move to other partitions and lose their order; topics that follow this one must change with it';
  if (accepted.includes(name)) return { refused: false, notes: [`${danger}: accepted with --accept-key-movement`] };
  return {
    refused: true,
    notes: [
      danger,
      `drain: stop what writes ${name}, wait until the lag of each group is 0, then add --accept-key-movement ${name}`,
      "or cut over to a new topic, with order kept per key: 'npm run topics -- migrate'",
    ],
  };
}
