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
  readonly action: 'create' | 'update' | 'replace' | 'remove' | 'impossible';
  readonly properties: readonly PropertyChange[];
  /** What a person should know of it before saying yes. */
  readonly notes: readonly string[];
}

/** What CloudFormation would do to get from one template to the other, as far as the templates tell. */
export function changesBetween(before: Template, after: Template): ResourceChange[] {
  const ids = [...new Set([...Object.keys(before.Resources), ...Object.keys(after.Resources)])];
  return ids.flatMap((id) => {
    const change = changeOf(id, before.Resources[id], after.Resources[id]);
    return change === undefined ? [] : [change];
  });
}

function changeOf(id: string, before: Resource | undefined, after: Resource | undefined): ResourceChange | undefined {
  if (before === undefined) return after && { id, type: after.Type, action: 'create', properties: [], notes: [] };
  if (after === undefined) {
    const kept = before.DeletionPolicy === 'Retain' ? ['the thing itself stays, the stack forgets it'] : [];
    return { id, type: before.Type, action: 'remove', properties: [], notes: kept };
  }
  const properties = differences('', withoutTime(before), withoutTime(after));
  if (properties.length === 0) return undefined;
  const replaced = before.Type !== after.Type || properties.some(({ path }) => replaces(after.Type, path));
  const { impossible, notes } = knowledgeOf(after.Type, properties);
  const action = impossible ? 'impossible' : replaced ? 'replace' : 'update';
  return { id, type: after.Type, action, properties, notes };
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

function knowledgeOf(type: string, properties: readonly PropertyChange[]): { impossible: boolean; notes: string[] } {
  const notes: string[] = [];
  let impossible = false;
  const of = (name: string): PropertyChange | undefined => properties.find(({ path }) => path === `Properties.${name}`);
  if (type === 'AWS::MSK::Topic') {
    const partitions = of('PartitionCount');
    if (partitions && Number(partitions.after) < Number(partitions.before)) {
      impossible = true;
      notes.push('Kafka cannot take partitions away: make a new topic under another name');
    } else if (partitions) {
      notes.push('keys move to other partitions and lose their order; topics that follow this one must change with it');
      if (of('Configs')) notes.push('MSK changes partitions or settings in one request, not both: deploy twice');
    }
    if (of('TopicName') || of('ClusterArn') || of('ReplicationFactor')) {
      notes.push('the new topic is empty; the old one is kept, and nothing reads it any more');
    }
  }
  if (type === 'AWS::Lambda::EventSourceMapping') {
    if (of('StartingPosition')) notes.push('a group that exists goes on where it was, whatever the position says');
    if (properties.some(({ path }) => path.includes('ConsumerGroupId'))) {
      notes.push('a new group begins at the starting position: everything is read again');
    }
  }
  return { impossible, notes };
}
