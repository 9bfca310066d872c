/** From DNS records to targets. */
import { isIPv6 } from 'node:net';
import type { Labels } from '../../model/labels.ts';
import { labelsFromPairs } from '../../model/labels.ts';
import type { DnsDiscoveryConfig } from '../sd-config.ts';
import { ADDRESS } from '../target-group.ts';

/** What is asked of a resolver; `dns.promises.Resolver` has it all. */
export interface RecordResolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveSrv(name: string): Promise<{ name: string; port: number }[]>;
  resolveMx(name: string): Promise<{ exchange: string }[]>;
  resolveNs(name: string): Promise<string[]>;
}

/** The targets that a name's records are. Rejects as the resolver does. */
export async function resolveTargets(
  resolver: RecordResolver,
  name: string,
  { type, port }: Pick<DnsDiscoveryConfig, 'type' | 'port'>,
): Promise<Labels[]> {
  switch (type) {
    case 'A':
      return (await resolver.resolve4(name)).map((address) => target(address, port));
    case 'AAAA':
      return (await resolver.resolve6(name)).map((address) => target(address, port));
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((record) =>
        target(record.name, record.port, [
          ['__meta_dns_srv_record_target', rooted(record.name)],
          ['__meta_dns_srv_record_port', String(record.port)],
        ]),
      );
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ exchange }) =>
        target(exchange, port, [['__meta_dns_mx_record_target', rooted(exchange)]]),
      );
    case 'NS':
      return (await resolver.resolveNs(name)).map((host) =>
        target(host, port, [['__meta_dns_ns_record_target', rooted(host)]]),
      );
  }
}

function target(host: string, port: number, meta: [string, string][] = []): Labels {
  const bare = host.replace(/\.$/, '');
  return labelsFromPairs([[ADDRESS, `${isIPv6(bare) ? `[${bare}]` : bare}:${port}`], ...meta]);
}

/** As it stands in the record, which Node's resolver shortens by the dot. */
function rooted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}
