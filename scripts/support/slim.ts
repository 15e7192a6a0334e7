import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { type Plugin, transform } from 'esbuild';
import { requestFile, unusedFiles, unusedParts } from './left-out.ts';

/**
 * Leaves out of the bundle what comes with a dependency and is never called, comments included, so that a cold start has
 * half as much to read. What is left out says so when it is called after all; every test on a real cluster runs on a
 * bundle made this way. Each request of kafkajs is there in its last version only, which Kafka 2.4 and later take.
 */
export function slim(): Plugin {
  return {
    name: 'slim',
    setup(build) {
      // Of its own description kafkajs reads where to report its bugs.
      build.onLoad({ filter: /[\\/]kafkajs[\\/]package\.json$/ }, ({ path }) => {
        const { version, bugs } = JSON.parse(readFileSync(path, 'utf8'));
        return { contents: JSON.stringify({ version, bugs }), loader: 'json' };
      });
      build.onResolve({ filter: /^left-out$/ }, () => ({ path: 'left-out', namespace: 'slim' }));
      build.onLoad({ filter: /^left-out$/, namespace: 'slim' }, () => ({ contents: leftOut }));
      build.onLoad({ filter: /[\\/]node_modules[\\/].*\.js$/ }, async ({ path }) => {
        const name = path.replaceAll('\\', '/').replace(/.*\/node_modules\//, '');
        if (name === 'safe-stable-stringify/index.js') return { contents: unserialisable };
        if (unusedFiles.has(name)) return { contents: `module.exports = ${leftOutOf(name)}` };
        const source = readFileSync(path, 'utf8');
        const kept = withoutUnused(keptOf(name, source), name);
        // A printer that is told to save whitespace prints no comments. The bundle's own then sets it out again. Names stay.
        const { code } = await transform(kept, { minifyWhitespace: true, minifySyntax: true, loader: 'js' });
        return { contents: code };
      });
    },
  };
}

/** What pino falls back on for a field that JSON cannot hold, with what it says when that fails too. */
const unserialisable = `exports.configure = () => () => '"[cannot be serialised]"'`;

function keptOf(name: string, source: string): string {
  const parts = unusedParts[name];
  if (parts) return parts.reduce((text, part) => withoutPart(text, name, part), source);
  if (name === 'kafkajs/src/protocol/error.js') return errorTable(source, name);
  return name.startsWith('kafkajs/src/protocol/requests/') && name.endsWith('/index.js')
    ? lastVersion(source, name)
    : source;
}

/** A file without one method of its class, or one of the functions, classes or constants that it has or exports. */
function withoutPart(source: string, name: string, part: string): string {
  const forms = [
    `^ {2}(?:static |async )?${part}\\([\\s\\S]*?^ {2}\\}\\n`,
    `^ {2}const ${part} = [\\s\\S]*?^ {2}\\}\\n`,
    `^const ${part} = [\\s\\S]*?^[\\])}].*\\n`,
    `^class ${part} [\\s\\S]*?^\\}\\n`,
  ].map((form) => new RegExp(form, 'm'));
  const form = forms.find((one) => one.test(source));
  if (form === undefined) throw new Error(`${name} has no ${part}`);
  return source.replace(form, '').replace(new RegExp(`^ {2,4}${part},\\n`, 'm'), '');
}

/** What a file asks for and is left out says so in place, not in a module of its own. */
function withoutUnused(source: string, name: string): string {
  return source.replace(/\brequire\('(\.[^']+)'\)/g, (asked: string, path: string) => {
    const file = posix.join(posix.dirname(name), path);
    const unused = [file, `${file}.js`, `${file}/index.js`].find((one) => unusedFiles.has(one));
    return unused === undefined ? asked : leftOutOf(unused);
  });
}

/** As much of the name as tells it from others. */
function leftOutOf(name: string): string {
  return `require('left-out')('${name.replace(/\/index\.js$|\.js$/, '').replace('/src/', '/')}')`;
}

/** The errors of the protocol made by a function: the names of their four fields, ninety times, are a third of them. */
function errorTable(source: string, name: string): string {
  const error = /\{\s+type: (.+),\s+code: (.+),\s+retriable: (.+),\s+message:\s+(['"].+['"]),\s+\}/g;
  const shorter = source.replace(error, 'made($1, $2, $3, $4)');
  if (shorter.split('made(').length < 80) throw new Error(`${name} is not written as expected`);
  return `const made = (type, code, retriable, message) => ({ type, code, retriable, message });\n${shorter}`;
}

/** Of `const versions = { 0: () => {...}, 1: ... }` the last: the others load nothing then. */
function lastVersion(source: string, name: string): string {
  if (name === 'kafkajs/src/protocol/requests/index.js' || name === requestFile('apiVersions')) return source;
  const versions = [...source.matchAll(/^ {2}\d+: [\s\S]*?^ {2}\},\n/gm)].map(([text]) => text);
  const lookUp = 'versions[version]';
  if (versions.length === 0 || !source.includes(lookUp)) throw new Error(`${name} is not written as expected`);
  const refusal = 'This broker is too old: Kafka 2.4 or later is needed.';
  return versions
    .slice(0, -1)
    .reduce((text, old) => text.replace(old, ''), source)
    .replace(lookUp, `${lookUp} || (() => { throw new Error('${refusal}') })`);
}

/** What stands in the place of a file that is left out. */
const leftOut = `module.exports = (name) => {
  // A function of the old kind may stand to the right of \`instanceof\`. Requests are asked for their versions at load.
  function leftOut() { throw new Error('This bundle leaves out ' + name + '.') }
  leftOut.versions = [];
  return leftOut;
}`;
