/**
 * Reads and writes JSON by the schemas of the AWS SDK, which it keeps as nested arrays:
 * `[3, namespace, name, traits, members, memberSchemas, required]` is a structure (-3: an error), `[1, …, schema]` a
 * list, `[2, …, key, value]` a map, a function yields a schema, `[schema, traits]` is a member. Numbers are simple
 * shapes; 64 more is a list of one, 128 more a map of one.
 */
export class ModelViolation extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

/** A member of a structure: its name in code, and where its value goes on the wire. */
export interface Member {
  readonly name: string;
  readonly schema: unknown;
  readonly wireName: string;
  readonly place: 'label' | 'query' | 'body';
  readonly required: boolean;
}

export interface Structure {
  readonly name: string;
  readonly traits: Fields;
  readonly members: readonly Member[];
}

const [text, number, boolean] = [0, 1, 2];
const timestamps = [4, 5, 6, 7];
const listOf = 64;
const mapOf = 128;
const labelBit = 1;

/** What stands behind a reference. */
export function resolved(reference: unknown): unknown {
  const schema = typeof reference === 'function' ? reference() : reference;
  return Array.isArray(schema) && schema.length === 2 ? resolved(schema[0]) : schema;
}

/** A structure, or an error that the schema is none. */
export function structureOf(reference: unknown): Structure {
  const schema = resolved(reference);
  if (!Array.isArray(schema) || Math.abs(Number(schema[0])) !== 3) throw new Error('not the schema of a structure');
  const [, , name, traits, names, schemas, required = 0] = schema;
  const members = (names as string[]).map((member, index): Member => {
    const memberTraits = traitsOf(schemas[index]);
    const query = memberTraits.httpQuery;
    return {
      name: member,
      schema: schemas[index],
      wireName: String(query ?? memberTraits.jsonName ?? member),
      place: memberTraits.httpLabel ? 'label' : query === undefined ? 'body' : 'query',
      required: index < Number(required),
    };
  });
  return { name: String(name), traits: translated(traits), members };
}

/** Traits come as an object, or as bits: 1 says that the member is a part of the path. */
function translated(traits: unknown): Fields {
  if (typeof traits === 'object' && traits !== null) return traits as Fields;
  return Number(traits) & labelBit ? { httpLabel: 1 } : {};
}

function traitsOf(member: unknown): Fields {
  return Array.isArray(member) && member.length === 2 ? translated(member[1]) : {};
}

/** Which way a value goes: `read` is from the wire into code, `write` from code onto the wire. */
type Way = 'read' | 'write';

/** The value in the other form; a ModelViolation when the schema does not allow it. */
export function convert(way: Way, reference: unknown, value: unknown, path: string): unknown {
  const schema = resolved(reference);
  if (typeof schema === 'number') return simple(schema, value, path);
  if (!Array.isArray(schema)) throw new Error(`${path}: a schema that is not known here`);
  const kind = Number(schema[0]);
  if (kind === 1) return list(value, path).map((item, index) => convert(way, schema[4], item, `${path}[${index}]`));
  if (kind === 2) return entries(value, path, (item, at) => convert(way, schema[5], item, at));
  return fields(way, structureOf(schema), value, path);
}

function simple(schema: number, value: unknown, path: string): unknown {
  if (schema >= mapOf) return entries(value, path, (item, at) => simple(schema - mapOf, item, at));
  if (schema >= listOf)
    return list(value, path).map((item, index) => simple(schema - listOf, item, `${path}[${index}]`));
  const expected =
    schema === text ? 'string' : schema === number ? 'number' : schema === boolean ? 'boolean' : undefined;
  if (expected === undefined && !timestamps.includes(schema))
    throw new Error(`${path}: shape ${schema} is not known here`);
  if (typeof value !== (expected ?? 'string')) {
    throw new ModelViolation(`${path}: expected a ${expected ?? 'timestamp'}, not ${JSON.stringify(value)}`);
  }
  return value;
}

function list(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new ModelViolation(`${path}: expected a list, not ${JSON.stringify(value)}`);
  return value;
}

function entries(value: unknown, path: string, each: (item: unknown, at: string) => unknown): Fields {
  return Object.fromEntries(
    Object.entries(object(value, path)).map(([key, item]) => [key, each(item, `${path}.${key}`)]),
  );
}

function object(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ModelViolation(`${path}: expected an object, not ${JSON.stringify(value)}`);
}

function fields(way: Way, structure: Structure, value: unknown, path: string): Fields {
  const given = { ...object(value, path) };
  const result: Record<string, unknown> = {};
  for (const member of structure.members) {
    const [from, to] = way === 'read' ? [member.wireName, member.name] : [member.name, member.wireName];
    const item = given[from];
    delete given[from];
    if (item !== undefined && item !== null) result[to] = convert(way, member.schema, item, `${path}.${from}`);
    else if (member.required) throw new ModelViolation(`${path}.${from}: is required`);
  }
  const [unknown] = Object.keys(given);
  if (unknown !== undefined) throw new ModelViolation(`${path}.${unknown}: ${structure.name} has no such member`);
  return result;
}
