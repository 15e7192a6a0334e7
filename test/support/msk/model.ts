import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-kafka';
import { convert, type Fields, type Member, ModelViolation, resolved, type Structure, structureOf } from './shapes.ts';

/** An operation of the service, as the SDK's own schema has it. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  /** With `{Labels}`. */
  readonly path: string;
  readonly status: number;
  readonly input: Structure;
  readonly output: Structure;
  /** The errors that the operation may answer with. */
  readonly errors: ReadonlySet<string>;
}

const exported: Fields = { ...sdk };
const packageDir = join(createRequire(import.meta.url).resolve('@aws-sdk/client-kafka'), '../..');

/** Every operation of the service, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.values(exported)
    .filter((schema): schema is unknown[] => Array.isArray(schema) && schema[0] === 9)
    .map(([, , name, traits, input, output]) => [String(name), operationOf(String(name), traits, input, output)]),
);

function operationOf(name: string, traits: unknown, input: unknown, output: unknown): Operation {
  const [method, path, status] = (traits as { http: [string, string, number] }).http;
  const structure = (schema: unknown): Structure =>
    resolved(schema) === 'unit' ? { name: 'Unit', traits: {}, members: [] } : structureOf(schema);
  return { name, method, path, status, input: structure(input), output: structure(output), errors: errorsOf(name) };
}

/** Schemas leave out which errors belong to which operation: the SDK's declarations name them. */
function errorsOf(operation: string): ReadonlySet<string> {
  const text = readFileSync(join(packageDir, `dist-types/commands/${operation}Command.d.ts`), 'utf8');
  const named = [...text.matchAll(/@throws \{@link (\w+Exception)\} \((?:client|server) fault\)/g)];
  return new Set(named.map(([, name = '']) => name));
}

/**
 * Errors that stand before every AWS service (signature, rights, rate), and so in the model of none:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
 */
const commonErrors: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  ExpiredTokenException: 403,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  ThrottlingException: 400,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
};

/** What goes over the wire for an error; throws when the operation may not answer with it. */
export function errorAnswer(
  operation: Operation | undefined,
  name: string,
  given: Fields,
): { status: number; body: unknown } {
  const common = commonErrors[name];
  if (common !== undefined) return { status: common, body: { message: given.Message } };
  if (!operation?.errors.has(name)) throw new Error(`the model has no ${name} for ${operation?.name}`);
  const schema = structureOf(exported[`${name}$`]);
  return { status: Number(schema.traits.httpError), body: convert('write', exported[`${name}$`], given, name) };
}

const enums: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Status: sdk.TopicState,
  State: sdk.ClusterState,
  ClusterType: sdk.ClusterType,
};

/** The output of an operation as JSON; throws when the model does not allow it. */
export function answer(operation: Operation, output: Fields): unknown {
  checkEnums(output);
  return writeMembers(operation.output, output, operation.name);
}

/** Schemas give enumerations as text: the values are those that the SDK exports. */
function checkEnums(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const allowed = enums[name];
    if (allowed && !Object.values(allowed).includes(String(item)))
      throw new ModelViolation(`${name} cannot be ${item}`);
    checkEnums(item);
  }
}

function writeMembers(structure: Structure, output: Fields, path: string): Fields {
  const known = new Map(structure.members.map((member) => [member.name, member]));
  const written = Object.entries(output).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    written.map(([name, value]) => {
      const member = known.get(name);
      if (!member) throw new ModelViolation(`${path}.${name}: ${structure.name} has no such member`);
      return [member.wireName, convert('write', member.schema, value, `${path}.${name}`)];
    }),
  );
}

/** A request as it came. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** The operation that a request is for. */
export function operationFor({ method, url }: WireRequest): { operation: Operation; labels: Fields } | undefined {
  for (const operation of operations.values()) {
    const pattern = operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = operation.method === method ? new RegExp(`^${pattern}$`).exec(url.pathname) : undefined;
    if (match) return { operation, labels: { ...match.groups } };
  }
  return undefined;
}

/** The input of an operation from its request; a ModelViolation when the model does not allow it. */
export function inputOf(operation: Operation, labels: Fields, request: WireRequest): Fields {
  const { members } = operation.input;
  const body: Record<string, unknown> = request.body === '' ? {} : JSON.parse(request.body);
  const query = new Map(request.url.searchParams);
  const input: Record<string, unknown> = {};
  for (const member of members) {
    const value = take(member);
    if (value !== undefined) input[member.name] = convert('read', member.schema, value, member.wireName);
    else if (member.required) throw new ModelViolation(`${member.wireName}: is required`);
  }
  const [unknown] = [...Object.keys(body), ...query.keys()];
  if (unknown !== undefined) throw new ModelViolation(`${unknown}: ${operation.input.name} has no such member`);
  return input;

  function take(member: Member): unknown {
    if (member.place === 'label') return decodeURIComponent(String(labels[member.name]));
    const from = member.place === 'query' ? query.get(member.wireName) : body[member.wireName];
    if (member.place === 'query') query.delete(member.wireName);
    else delete body[member.wireName];
    if (member.place !== 'query' || resolved(member.schema) !== 1 || from === undefined) return from;
    if (/^\d+$/.test(String(from))) return Number(from);
    throw new ModelViolation(`${member.wireName}: is not a number`);
  }
}
