import { isAbsolute, join, relative } from 'node:path';
import { type LocalDatabase, openLocalDatabase, startDatabase } from '../infra/database/database.ts';
import { databaseDir } from '../infra/database/layout.ts';
import type { Days } from './database/partitions.ts';
import { daysOf, daysOptions, daysText, runSchemaAction } from './database/schema.ts';
import { environmentOf } from './database/target.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';
import { table } from './support/table.ts';

/** What the command line asks for. */
interface Call extends Days {
  readonly dir: string;
  readonly server: number;
  readonly json: boolean;
  readonly kill: boolean;
}

function existing(dir: string): LocalDatabase {
  const database = openLocalDatabase(dir);
  if (!database)
    throw new CommandError(`no databases were ever started in ${dir}. Start them: npm run database -- start`);
  return database;
}

function print(json: boolean, facts: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(facts)}\n` : `${text}\n`);
}

async function report(database: LocalDatabase, json: boolean): Promise<number> {
  const status = await database.status();
  const servers = status.servers.map((one) => ({ ...one, sizeBytes: database.size(one.id).all }));
  const rows = servers.map(({ id, role, port, pid, state, behindBytes, sizeBytes, log }) => {
    return [
      String(id),
      role,
      String(port),
      String(pid ?? '-'),
      state,
      behindBytes === null ? '-' : `${behindBytes} B`,
      `${Math.ceil(sizeBytes / 2 ** 20)} MB`,
      shown(log),
    ];
  });
  const text = table([['server', 'role', 'port', 'pid', 'state', 'behind', 'size', 'log'], ...rows]);
  print(
    json,
    { ...status, servers },
    `${text.join('\n')}\nDATABASE_URL and DATABASE_REPLICA_URLS are in ${shown(join(database.dir, 'env'))}, for node --env-file`,
  );
  return status.healthy ? 0 : 1;
}

/** A path as somebody who stands here would type it. */
function shown(path: string): string {
  const below = relative('.', path);
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}

/** Starts under Ctrl-C and SIGTERM: both stop what was started so far, and the command fails. */
async function start({ dir, json }: Call): Promise<number> {
  const interrupt = new AbortController();
  const abort = () => interrupt.abort(new CommandError('interrupted: nothing was left running'));
  process.once('SIGINT', abort).once('SIGTERM', abort);
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
  const database = await startDatabase({ dir, onProgress, signal: interrupt.signal });
  return await report(database, json);
}

/** An action on one server. */
function onServer(act: (database: LocalDatabase, id: number) => Promise<void>, done: string) {
  return async ({ dir, server, json }: Call): Promise<number> => {
    await act(existing(dir), server);
    print(json, { server, done }, `Server ${server} ${done}.`);
    return 0;
  };
}

/** The options that only some actions mean anything by; `dir` and `json` are for all. */
const optionsOf: Readonly<Record<string, readonly string[]>> = {
  failover: ['kill'],
  migrate: ['ahead', 'keep'],
  partitions: ['ahead', 'keep'],
};

function refuseOtherOptions(action: string, values: Readonly<Record<string, unknown>>): void {
  const taken = ['dir', 'json', ...(optionsOf[action] ?? [])];
  const defaults: Readonly<Record<string, unknown>> = { kill: false, ahead: daysOptions.ahead.default };
  const other = Object.keys(values).find((name) => values[name] !== defaults[name] && !taken.includes(name));
  if (other !== undefined) throw new UsageError(`${action} takes no --${other}`);
}

const serverActions: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  pause: onServer((database, id) => database.pause(id), 'is paused'),
  resume: onServer((database, id) => database.resume(id), 'goes on'),
  kill: onServer(async (database, id) => {
    const { servers } = await database.status();
    if (servers.find((one) => one.id === id)?.state === 'stopped')
      throw new CommandError(`server ${id} does not run: nothing was changed`);
    await database.kill(id);
  }, 'was killed'),
  restart: onServer(async (database, id) => {
    await database.stopServer(id);
    await database.startServer(id);
  }, 'was started again and answers'),
};

const actions: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  start,
  async stop({ dir, json }) {
    await openLocalDatabase(dir)?.stop();
    print(json, { stopped: true }, 'Both servers are stopped. Their data stays.');
    return 0;
  },
  status: async ({ dir, json }) => await report(existing(dir), json),
  async failover({ dir, json, kill }) {
    await existing(dir).failover({ kill });
    return await report(existing(dir), json);
  },
  async reset({ dir, json }) {
    await openLocalDatabase(dir)?.reset();
    print(json, { reset: true }, 'Both servers are stopped and their data deleted.');
    return 0;
  },
  migrate: async ({ dir, json, ...days }) => await runSchemaAction('migrate', await environmentOf(dir), days, json),
  partitions: async ({ dir, json, ...days }) =>
    await runSchemaAction('partitions', await environmentOf(dir), days, json),
};

await runCommand(
  {
    name: 'database',
    summary: 'Runs a local PostgreSQL, a primary and a replica, on loopback; and keeps the schema of any.',
    usage: [
      'start | stop | status | reset',
      'failover [--kill]',
      'pause <server> | resume <server> | kill <server> | restart <server>',
      'migrate | partitions [--ahead <days>] [--keep <days>]',
    ],
    options: {
      dir: { type: 'string' },
      kill: { type: 'boolean', default: false },
      ...daysOptions,
      json: { type: 'boolean', default: false },
    },
    describe: {
      dir: 'Where data, settings and logs are (default .local/database).',
      kill: 'failover: kill the primary in place of stopping it; what it had not sent yet is lost.',
      ...daysText,
      json: 'Print what is reported as JSON.',
    },
    notes: [
      'start       Start what does not run, wait until both answer, print the status. They keep running.',
      'status      Exit code 0 when both run and the replica follows, else 1.',
      'failover    The replica becomes the primary, and the old primary follows it.',
      'pause       SIGSTOP a server, 1 or 2, with all its connections. resume: SIGCONT. kill: SIGKILL.',
      'migrate     Run the migrations that are missing, and make partitions.',
      'partitions  Make the partitions of the days to come; drop old ones with --keep.',
      '',
      'migrate and partitions work on DATABASE_URL where it is set, else on the local databases.',
    ],
  },
  async (values, [action = '', server, ...rest]) => {
    const run = actions[action] ?? serverActions[action];
    const names = [...Object.keys(actions), ...Object.keys(serverActions)].join(', ');
    if (!run) throw new UsageError(`takes one of ${names}${action && `, not '${action}'`}`);
    const wantsServer = run === serverActions[action];
    if (wantsServer && !/^[12]$/.test(server ?? '')) throw new UsageError(`${action} takes a server, 1 or 2`);
    if (rest.length > 0 || (server !== undefined && !wantsServer)) throw new UsageError(`${action} takes nothing more`);
    refuseOtherOptions(action, values);
    const { kill, json } = values;
    return await run({ dir: values.dir ?? databaseDir(), server: Number(server), json, kill, ...daysOf(values) });
  },
);
