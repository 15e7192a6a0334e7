import { describe, expect, test } from 'vitest';
import { parseUrl, parseUrls } from '../../../functions/database/servers.ts';

describe('a URL of a database', () => {
  test('names several hosts, each with a port or without', () => {
    const servers = parseUrl(
      'postgresql://me:s%40cret@db1:5433,db2,[::1]:6000/market?sslmode=verify-ca&sslrootcert=/ca.pem',
    );
    const common = {
      user: 'me',
      password: 's@cret',
      database: 'market',
      tls: { mode: 'verify-ca', caFile: '/ca.pem' },
    };
    expect(servers).toEqual([
      { host: 'db1', port: 5433, ...common },
      { host: 'db2', port: 5432, ...common },
      { host: '::1', port: 6000, ...common },
    ]);
  });

  test.each([
    ['postgres://me@db/market', 'verify-full'],
    ['postgres://me@127.0.0.1/market', 'disable'],
    ['postgres://me@localhost:5432/market', 'disable'],
    ['postgres://me@[::1]/market', 'disable'],
    ['postgres://me@localhost/market?sslmode=verify-full', 'verify-full'],
    ['postgres://me@127.0.0.1.example.com/market', 'verify-full'],
    ['postgres://me@db/market?sslmode=require', 'no-verify'],
    ['postgres://me@db/market?sslmode=require&sslrootcert=/ca.pem', 'verify-ca'],
    ['postgres://me@db/market?sslmode=disable', 'disable'],
  ])('%s means TLS %s', (url, mode) => {
    expect(parseUrl(url)?.[0]?.tls.mode).toBe(mode);
  });

  test.each([
    'mysql://me@db/market',
    'postgres://db/market',
    'postgres://me@db',
    'postgres://me@db:0/market',
    'postgres://me@db:70000/market',
    'postgres://me@db/market?sslmode=prefer',
    'postgres://me@db/market?host=other',
    'postgres://me:p@ss@db/market',
    'postgres://me@db,/market',
    '',
  ])('%j is none', (url) => {
    expect(parseUrl(url)).toBeUndefined();
  });

  test('of replicas there may be several', () => {
    const text = 'postgres://me@a,b/market  postgres://me@c/market,postgres://me@d/market';
    expect(parseUrls(text)?.map(({ host }) => host)).toEqual(['a', 'b', 'c', 'd']);
    expect(parseUrls('postgres://me@a/market nonsense')).toBeUndefined();
  });
});
