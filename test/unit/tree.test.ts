import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A source file: its path from the root of the repository, and its text. */
interface Source {
  readonly path: string;
  readonly text: string;
}

function sourcesUnder(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** What a file imports, statically, for its types or when it runs: a path from the root, or the name of a package. */
function importsOf({ path, text }: Source): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/(?<![.\w])(?:from\s*|import\s*\(?\s*|require\s*\(\s*)(['"`])([^'"`]+)\1/g);
  return [...found].map(([, , name = '']) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name));
}

const hostFolders = ['runtime', 'hosts', 'kafka', 'database', 'market'];
/** The bundles' entries, and what they share. */
const entries = ['functions/main.ts', 'functions/database-main.ts', 'functions/program.ts'];
/** Those that sign requests to AWS. */
const signers = ['functions/kafka/kafkajs/msk-iam.ts', 'functions/database/secret.ts'];
/** All of the database that functions may know. */
const databaseDoors = ['port', 'errors', 'open', 'report', 'settings', 'turns'].map(
  (name) => `functions/database/${name}.ts`,
);

/** What a file under functions/ may import, by its place. */
function mayImport(path: string, name: string): boolean {
  const [, folder = '', inner = ''] = path.split('/');
  const inside = (...folders: string[]): boolean => folders.some((one) => name.startsWith(`functions/${one}/`));
  if (name.startsWith('node:')) return true;
  if (entries.includes(path)) return name.startsWith('functions/');
  if (folder === 'runtime') return inside('runtime') || (path === 'functions/runtime/log.ts' && name === 'pino');
  if (signers.includes(path) && name === 'aws4fetch') return true;
  if (folder === 'kafka') {
    const isClient = name === 'kafkajs' || name.startsWith('kafkajs/');
    return inside('kafka', 'runtime') || (isClient && inner === 'kafkajs');
  }
  if (folder === 'database') return inside('database', 'runtime') || name === 'pg' || name.startsWith('pg/');
  // What the wire contract says, for several functions: as pure as they are.
  if (folder === 'market') return inside('market') || name === 'functions/runtime/errors.ts';
  if (folder === 'hosts') return inside(`hosts/${inner}`, 'hosts/shared', 'kafka', 'runtime');
  if (!hostFolders.includes(folder)) {
    const contract = ['functions/runtime/contract.ts', 'functions/runtime/errors.ts'];
    return inside(folder, 'market') || contract.includes(name) || databaseDoors.includes(name);
  }
  return false;
}

/** What is wrong with the imports and exports of files under functions/, one line each. */
function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const wrong = importsOf(source)
      .filter((name) => !mayImport(source.path, name))
      .map((name) => `${source.path} must not import ${name}`);
    if (/^export\s+default\b|\bas\s+default\b/m.test(source.text)) wrong.push(`${source.path} has a default export`);
    if (/^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;]*\bfrom\b/m.test(source.text)) {
      wrong.push(`${source.path} exports what is another file's`);
    }
    return wrong;
  });
}

const functionSources = sourcesUnder('functions');

describe('the tree', () => {
  test('keeps the rules of imports: functions know no host, the runtime no client', () => {
    expect(functionSources.length).toBeGreaterThan(40);
    expect(violations(functionSources)).toEqual([]);
  });

  test('keeps the database out of the bundle of the processor', () => {
    const texts = new Map(functionSources.map((source) => [source.path, source]));
    const reached = new Set(['functions/main.ts']);
    for (const path of reached) for (const name of importsOf(texts.get(path) ?? { path, text: '' })) reached.add(name);
    expect([...reached].filter((name) => name === 'pg' || name.startsWith('functions/database/'))).toEqual([]);
  });

  test('has no imports in a circle, types left aside', () => {
    const graph = new Map(
      functionSources.map((source) => {
        const text = source.text.replace(/^import type\b[^;]*;/gm, '');
        return [source.path, importsOf({ ...source, text })];
      }),
    );
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail, path].join(' -> '));
      else for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  test('imports no test from what runs', () => {
    const sources = [...functionSources, ...sourcesUnder('infra')];
    const wrong = sources.filter((source) => importsOf(source).some((name) => name.startsWith('test/')));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the checker', () => {
  const processor = 'functions/processor/bad.ts';
  test.each<[path: string, text: string, found: string]>([
    [processor, "import { createLane } from '../runtime/lane.ts';", 'must not import functions/runtime/lane.ts'],
    [
      processor,
      "import type { X } from '../hosts/container/run.ts';",
      'must not import functions/hosts/container/run.ts',
    ],
    [processor, "import {\n  a,\n  b,\n} from '../kafka/outbox.ts';", 'must not import functions/kafka/outbox.ts'],
    [processor, "import { Kafka } from 'kafkajs';", 'must not import kafkajs'],
    [processor, "const x = await import('pg');", 'must not import pg'],
    [processor, "import 'reflect-metadata';", 'must not import reflect-metadata'],
    [processor, 'const x = require("pg");', 'must not import pg'],
    [processor, "import { a } from '../storage/write.ts';", 'must not import functions/storage/write.ts'],
    [processor, "import { a } from '../../scripts/a.ts';", 'must not import scripts/a.ts'],
    [
      'functions/storage/bad.ts',
      "import { a } from '../processor/enrich.ts';",
      'must not import functions/processor/enrich.ts',
    ],
    [
      'functions/storage/bad.ts',
      "import { a } from '../database/servers.ts';",
      'must not import functions/database/servers.ts',
    ],
    ['functions/kafka/bad.ts', "import { Pool } from 'pg';", 'must not import pg'],
    [
      'functions/market/bad.ts',
      "import { a } from '../processor/enrich.ts';",
      'must not import functions/processor/enrich.ts',
    ],
    ['functions/market/bad.ts', "import { a } from '../runtime/lane.ts';", 'must not import functions/runtime/lane.ts'],
    [
      'functions/hosts/container/bad.ts',
      "import { a } from '../../database/open.ts';",
      'must not import functions/data',
    ],
    ['functions/database/bad.ts', "import { a } from '../kafka/port.ts';", 'must not import functions/kafka/port.ts'],
    ['functions/runtime/bad.ts', "import { a } from '../hosts/container/host.ts';", 'must not import functions/hosts'],
    [
      'functions/runtime/bad.ts',
      "import type { A } from '../kafka/port.ts';",
      'must not import functions/kafka/port.ts',
    ],
    ['functions/runtime/bad.ts', "import { Kafka } from 'kafkajs';", 'must not import kafkajs'],
    ['functions/runtime/bad.ts', "import { S } from '@aws-sdk/client-kafka';", 'must not import @aws-sdk/client-kafka'],
    ['functions/runtime/bad.ts', "import { a } from '../processor/enrich.ts';", 'must not import functions/processor'],
    ['functions/kafka/bad.ts', "import { Kafka } from 'kafkajs';", 'must not import kafkajs'],
    ['functions/kafka/wire/bad.ts', "import E from 'kafkajs/src/protocol/encoder.js';", 'must not import kafkajs/src'],
    ['functions/kafka/bad.ts', "import { a } from '../hosts/container/host.ts';", 'must not import functions/hosts'],
    ['functions/hosts/container/bad.ts', "import { Kafka } from 'kafkajs';", 'must not import kafkajs'],
    [
      'functions/hosts/container/bad.ts',
      "import { a } from '../../processor/a.ts';",
      'must not import functions/processor',
    ],
    [
      'functions/hosts/lambda/bad.ts',
      "import { a } from '../container/run.ts';",
      'must not import functions/hosts/container',
    ],
    [
      'functions/hosts/shared/bad.ts',
      "import { a } from '../container/run.ts';",
      'must not import functions/hosts/container',
    ],
    [processor, 'export default function handle() {}', 'has a default export'],
    [processor, 'const a = 1;\nexport { a as default };', 'has a default export'],
    [processor, "export * from './chain.ts';", "exports what is another file's"],
    [processor, "export { a } from './chain.ts';", "exports what is another file's"],
    [processor, "export type { A } from './chain.ts';", "exports what is another file's"],
  ])('sees that %s, with %j, is wrong', (path, text, found) => {
    expect(violations([{ path, text }])).toEqual([expect.stringContaining(found)]);
  });

  test.each<[path: string, text: string]>([
    [processor, "import { RetryableError } from '../runtime/errors.ts';\nimport { readFileSync } from 'node:fs';"],
    [processor, "import type { Output } from '../runtime/contract.ts';\nimport { enrich } from './enrich.ts';"],
    [processor, "// import { Kafka } from 'kafkajs';\n/* from 'kafkajs' */"],
    ['functions/hosts/container/good.ts', "import { createOutbox } from '../../kafka/outbox.ts';"],
    ['functions/hosts/lambda/good.ts', "import { reach } from '../shared/reach.ts';"],
    ['functions/kafka/kafkajs/good.ts', "import { Kafka } from 'kafkajs';"],
    ['functions/storage/good.ts', "import type { Database } from '../database/port.ts';"],
    ['functions/storage/good.ts', "import { decodeEnriched } from '../market/enriched.ts';"],
    ['functions/database/good.ts', "import { Pool } from 'pg';"],
    ['functions/main.ts', "import { processor } from './processor/definition.ts';"],
  ])('lets %s, with %j, pass', (path, text) => {
    expect(violations([{ path, text }])).toEqual([]);
  });

  test('reads the files that there are', () => {
    expect(functionSources.map(({ path }) => path)).toContain(relative(root, join(root, 'functions/main.ts')));
    expect(importsOf(functionSources.find(({ path }) => path.endsWith('lane.ts')) ?? { path: '', text: '' })).toContain(
      'functions/runtime/tracker.ts',
    );
  });
});
