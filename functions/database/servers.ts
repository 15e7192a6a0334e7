/** A server and the way in: what a DATABASE_URL says of one of its hosts. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: Tls;
  /** To be called when the server refuses the login: who can look up another does. */
  readonly refused?: () => void;
}

/** `disable`: none. `verify-full`: the certificate is checked, its name as well. `no-verify`: encrypted, to anybody. */
export interface Tls {
  readonly mode: 'disable' | 'no-verify' | 'verify-ca' | 'verify-full';
  /** The path of a PEM file of authorities to trust in place of those that Node ships. */
  readonly caFile: string | undefined;
}

/** `host:port`, which is all that is ever shown of a server. */
export function nameOf({ host, port }: Pick<Server, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const shape = /^postgres(?:ql)?:\/\/(?:([^:@/?#\s]*)(?::([^@/?#\s]*))?@)?([^@/?#\s]+)\/([^/?#\s,]+)(?:\?([^#\s]*))?$/;
const hostShape = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;
const tlsModes: Readonly<Record<string, Tls['mode']>> = {
  disable: 'disable',
  require: 'no-verify',
  'no-verify': 'no-verify',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

/**
 * The servers of a `postgres://user:password@host:5432,other:5432/database?sslmode=verify-full&sslrootcert=ca.pem`, in order;
 * undefined when it is not one. Without an sslmode a certificate is demanded and verified, except on loopback.
 */
export function parseUrl(url: string): readonly Server[] | undefined {
  const [, user = '', password, hosts = '', database = '', query = ''] = shape.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => name !== 'sslmode' && name !== 'sslrootcert')) return undefined;
  const wanted = parameters.get('sslmode');
  // Who names an authority wants it looked at, as in libpq.
  const isNamed = wanted === 'require' && parameters.has('sslrootcert');
  const mode = wanted === null ? undefined : isNamed ? 'verify-ca' : tlsModes[wanted];
  if (user === '' || (wanted !== null && mode === undefined)) return undefined;
  const servers = hosts.split(',').map((text): Server | undefined => {
    const [, ip, name, digits = '5432'] = hostShape.exec(text) ?? [];
    const host = ip ?? name;
    const port = Number(digits);
    if (host === undefined || port < 1 || port > 65_535) return undefined;
    const tls = { mode: mode ?? (isLoopback(host) ? 'disable' : 'verify-full'), caFile: parameters.get('sslrootcert') };
    return {
      ...{ host, port, user: decoded(user), database: decoded(database) },
      password: password === undefined ? undefined : decoded(password),
      tls: { mode: tls.mode, caFile: tls.caFile ?? undefined },
    };
  });
  return servers.every((server) => server !== undefined) ? servers : undefined;
}

/** The servers of several such URLs, with spaces or commas between. */
export function parseUrls(text: string): readonly Server[] | undefined {
  const urls = text.split(/[\s,]+(?=postgres(?:ql)?:\/\/)/).map(parseUrl);
  return urls.every((servers) => servers !== undefined) ? urls.flat() : undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}
