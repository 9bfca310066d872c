import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/core/config/index.ts';
import { ACCEPTED_MECHANISMS } from '../../../src/core/discovery/sd-config.ts';

function faults(mechanism: string, settings: string): string[] {
  try {
    parseConfig(`scrape_configs: [{job_name: a, ${mechanism}_sd_configs: [${settings}]}]`, {});
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(({ reason }) => reason.replace(/^\S+: /, ''));
    throw error;
  }
}

const UUID = '11111111-1111-1111-1111-111111111112';

/** The least that each needs, by the documentation. */
const LEAST: Readonly<Record<(typeof ACCEPTED_MECHANISMS)[number], string>> = {
  aws: '{role: ec2}',
  azure: '{subscription_id: s, tenant_id: t, client_id: c, client_secret: x}',
  digitalocean: '{}',
  eureka: '{server: http://h/eureka}',
  gce: '{project: p, zone: z}',
  hetzner: '{role: hcloud}',
  ionos: '{datacenter_id: d}',
  kuma: '{server: http://h:5676}',
  lightsail: '{}',
  linode: '{}',
  marathon: '{servers: [http://h]}',
  nerve: '{servers: [h], paths: [/p]}',
  nomad: '{}',
  oci: '{region: r, tenancy: t, user: u, fingerprint: f, key_file: k}',
  openstack: '{role: instance, region: r}',
  outscale: '{access_key: a, secret_key: s}',
  ovhcloud: '{application_key: a, application_secret: s, consumer_key: c, service: vps}',
  puppetdb: '{url: http://h, query: q}',
  scaleway: `{role: instance, project_id: ${UUID}, access_key: SCWXXXXXXXXXXXXXXXXX, secret_key: ${UUID}}`,
  serverset: '{servers: [h], paths: [/p]}',
  stackit: '{project: p}',
  triton: '{account: a, dns_suffix: d, endpoint: e}',
  uyuni: '{server: http://h, username: u, password: p}',
  vultr: '{}',
};

describe('mechanisms that are only checked', () => {
  it.each(ACCEPTED_MECHANISMS)('%s with the least it needs', (name) => {
    expect(faults(name, LEAST[name])).toEqual([]);
  });

  it.each(ACCEPTED_MECHANISMS)('%s with a key that it does not have', (name) => {
    expect(
      faults(name, LEAST[name].replace(/\}$/, `${LEAST[name] === '{}' ? '' : ', '}nonsense: 1}`)),
    ).toEqual([expect.stringMatching(/^field nonsense not found in type /)]);
  });

  it.each([
    ['azure', '{subscription_id: s, authentication_method: SDK}', undefined],
    ['azure', '{authentication_method: SDK}', 'azure SD configuration requires a subscription_id'],
    ['openstack', '{role: instance}', 'openstack SD configuration requires a region'],
    ['nomad', '{server: ""}', 'nomad SD configuration requires a server address'],
    ['consul', '{server: ""}', 'consul SD configuration requires a server address'],
    [
      'consul',
      '{token: t, authorization: {credentials: c}}',
      'at most one of consul SD token, authorization, or oauth2 can be configured',
    ],
    ['aws', '{role: foo}', 'unknown AWS SD role "foo"'],
    ['aws', '{}', 'unknown AWS SD role ""'],
    ['aws', '{role: mq, request_concurrency: 3}', undefined],
    ['aws', '{role: ecs, request_concurrency: 0}', 'aws_sd: request_concurrency must be positive, got 0'],
    ['aws', '{role: rds, filters: [{name: n}]}', 'Filter values cannot be empty'],
    ['azure', '{subscription_id: s, authentication_method: WorkloadIdentity}', undefined],
    ['azure', '{subscription_id: s, authentication_method: ManagedIdentity}', undefined],
    ['digitalocean', '{role: databases}', undefined],
    ['digitalocean', '{role: droplet}', 'unknown DigitalOcean SD role "droplet"'],
    ['digitalocean', '{role: ""}', 'role missing (one of: droplets, databases)'],
    ['oci', '{auth: instance_principal, region: r, compartments: [c], filter: f, port: 9100}', undefined],
    ['oci', '{}', 'OCI SD configuration requires a region'],
    ['oci', '{region: r, tenancy: t, user: u, key_file: k}', 'OCI SD api_key auth requires fingerprint'],
    ['oci', '{region: r, tenancy: t, user: u, fingerprint: f}', 'OCI SD api_key auth requires key_file'],
    [
      'oci',
      '{auth: instance_principal, region: r, user: u}',
      'OCI SD instance_principal auth must not have tenancy, user, fingerprint, or key_file set',
    ],
    [
      'oci',
      '{auth: x, region: r}',
      'OCI SD unknown auth method "x", expected "api_key" or "instance_principal"',
    ],
    [
      'oci',
      '{auth: instance_principal, region: r, compartments: [a, ""]}',
      'OCI SD compartments[1] must not be empty',
    ],
    ['kubernetes', '{role: pod, selectors: [{role: node, label: a=b}]}', undefined],
    ['kubernetes', '{role: pod, selectors: [{role: service}]}', 'pod role supports only pod, node selectors'],
    ['stackit', '{}', 'stackit SD configuration requires a project'],
    ['outscale', '{secret_key: s}', 'outscale SD configuration requires access_key'],
    ['kuma', '{}', 'kuma SD server must not be empty'],
  ])('%s %s', (name, settings, fault) => {
    expect(faults(name, settings)).toEqual(fault === undefined ? [] : [fault]);
  });
});
