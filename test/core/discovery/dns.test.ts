import { describe, expect, it } from 'vitest';
import { resolveTargets } from '../../../src/core/discovery/dns/records.ts';
import { candidateNames, parseSearchSettings } from '../../../src/core/discovery/dns/resolv-conf.ts';

describe('search domains', () => {
  it('are read as the system reads them', () => {
    expect(
      parseSearchSettings('nameserver 1.1.1.1\nsearch a.example b.example.\noptions ndots:3 rotate\n'),
    ).toEqual({
      search: ['a.example', 'b.example'],
      ndots: 3,
    });
    expect(parseSearchSettings('search a\ndomain b c\n')).toEqual({ search: ['b'], ndots: 1 });
    expect(parseSearchSettings('# search a\n')).toEqual({ search: [], ndots: 1 });
  });

  it('come before the name itself where it has few dots', () => {
    const settings = { search: ['ns.svc', 'svc'], ndots: 2 };
    expect(candidateNames('db', settings)).toEqual(['db.ns.svc.', 'db.svc.', 'db.']);
    expect(candidateNames('a.b.c', settings)).toEqual(['a.b.c.', 'a.b.c.ns.svc.', 'a.b.c.svc.']);
    expect(candidateNames('db.', settings)).toEqual(['db.']);
  });
});

describe('records', () => {
  const resolver = {
    resolve4: async () => ['10.0.0.1'],
    resolve6: async () => ['fd00::1'],
    resolveSrv: async () => [{ name: 'host.example', port: 9100 }],
    resolveMx: async () => [{ exchange: 'mx.example.' }],
    resolveNs: async () => ['ns.example'],
  };
  const labels = async (type: 'A' | 'AAAA' | 'SRV' | 'MX' | 'NS', port: number) =>
    (await resolveTargets(resolver, 'x', { type, port })).map((target) => target.toObject());

  it('become addresses, with what the record says as labels', async () => {
    expect(await labels('A', 80)).toEqual([{ __address__: '10.0.0.1:80' }]);
    expect(await labels('AAAA', 80)).toEqual([{ __address__: '[fd00::1]:80' }]);
    expect(await labels('SRV', 0)).toEqual([
      {
        __address__: 'host.example:9100',
        __meta_dns_srv_record_port: '9100',
        __meta_dns_srv_record_target: 'host.example.',
      },
    ]);
    expect(await labels('MX', 25)).toEqual([
      { __address__: 'mx.example:25', __meta_dns_mx_record_target: 'mx.example.' },
    ]);
    expect(await labels('NS', 53)).toEqual([
      { __address__: 'ns.example:53', __meta_dns_ns_record_target: 'ns.example.' },
    ]);
  });
});
