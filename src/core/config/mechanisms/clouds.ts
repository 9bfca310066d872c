/** Clouds and hosters. */

import { InputError } from '../../errors.ts';
import { goQuote } from '../../model/quote.ts';
import { parseGoUrl } from '../go-url.ts';
import {
  boolean,
  duration,
  field,
  file,
  integer,
  list,
  oneOf,
  optionalField,
  secret,
  text,
} from '../schema/index.ts';
import type { Checked } from '../schema/struct.ts';
import { http, tlsConfig } from '../sections/http.ts';
import { inOrder, mechanism, port, refreshInterval, required } from './mechanism.ts';

const withHttp = { inline: http, prop: 'http' };

/** `role` must be one of these. */
function role(names: readonly string[], shown = names.join(', ')) {
  return inOrder(
    required({ role: `role missing (one of: ${shown})` }),
    (settings: { role: string }, at: Checked) => {
      if (!names.includes(settings.role)) at.fault(`unknown role ${goQuote(settings.role)}`, 'role');
    },
  );
}

const AZURE_METHODS = ['OAuth', 'ManagedIdentity', 'SDK', 'WorkloadIdentity'];

export const azure = mechanism(
  'azure',
  [
    optionalField('environment', text, 'AzurePublicCloud'),
    field('port', integer, 80),
    field('subscription_id', text),
    optionalField('tenant_id', text),
    optionalField('client_id', text),
    optionalField('client_secret', secret),
    refreshInterval(300),
    optionalField('authentication_method', text, 'OAuth'),
    optionalField('resource_group', text),
    withHttp,
  ],
  inOrder(
    required({ subscription_id: 'azure SD configuration requires a subscription_id' }),
    (settings, at) => {
      const method: string = settings.authenticationMethod;
      if (!AZURE_METHODS.includes(method))
        at.fault(
          `unknown authentication_type ${goQuote(method)}. Supported types are "OAuth", "ManagedIdentity", "SDK" or "WorkloadIdentity"`,
          'authentication_method',
        );
      if (method !== 'OAuth') return;
      required({
        tenant_id: 'azure SD configuration requires a tenant_id',
        client_id: 'azure SD configuration requires a client_id',
        client_secret: 'azure SD configuration requires a client_secret',
      })(settings, at);
    },
  ),
);

export const digitalocean = mechanism(
  'digitalocean',
  [
    withHttp,
    field('refresh_interval', duration, 60_000),
    port(80),
    optionalField(
      'role',
      oneOf(['', 'droplets', 'databases'], (name) => `unknown DigitalOcean SD role ${goQuote(name)}`),
      'droplets',
    ),
  ],
  required({ role: 'role missing (one of: droplets, databases)' }),
);

export const gce = mechanism(
  'gce',
  [
    field('project', text),
    field('zone', text),
    optionalField('filter', text),
    refreshInterval(60),
    port(80),
    optionalField('tag_separator', text, ','),
  ],
  inOrder(
    required({ project: 'GCE SD configuration requires a project' }),
    required({ zone: 'GCE SD configuration requires a zone' }),
  ),
);

export const hetzner = mechanism(
  'hetzner',
  [
    withHttp,
    field('refresh_interval', duration, 60_000),
    port(80),
    field('role', text),
    optionalField('label_selector', text),
  ],
  role(['robot', 'hcloud']),
);

export const ionos = mechanism(
  'ionos',
  [field('datacenter_id', text), withHttp, field('refresh_interval', duration, 60_000), port(80)],
  required({ datacenter_id: "datacenter id can't be empty" }),
);

export const linode = mechanism('linode', [
  withHttp,
  field('refresh_interval', duration, 60_000),
  port(80),
  optionalField('tag_separator', text, ','),
  optionalField('region', text),
]);

const AVAILABILITIES = ['public', 'internal', 'admin'];
const OPENSTACK_ROLES = ['hypervisor', 'instance', 'loadbalancer'];

export const openstack = mechanism(
  'openstack',
  [
    field('identity_endpoint', text),
    field('username', text),
    field('userid', text),
    field('password', secret),
    field('project_name', text),
    field('project_id', text),
    field('domain_name', text),
    field('domain_id', text),
    field('application_credential_name', text),
    field('application_credential_id', text),
    field('application_credential_secret', secret),
    field('role', text),
    field('region', text),
    refreshInterval(60),
    port(80),
    optionalField('all_tenants', boolean),
    optionalField('tls_config', tlsConfig),
    optionalField('availability', text, 'public'),
  ],
  inOrder(
    ({ role: given }, at) => {
      if (given !== '' && !OPENSTACK_ROLES.includes(given))
        at.fault(`unknown OpenStack SD role ${goQuote(given)}`, 'role');
    },
    ({ availability }, at) => {
      if (availability !== '' && !AVAILABILITIES.includes(availability))
        at.fault(
          `unknown availability ${availability}, must be one of admin, internal or public`,
          'availability',
        );
    },
    required({ role: 'role missing (one of: instance, hypervisor, loadbalancer)' }),
    required({ region: 'openstack SD configuration requires a region' }),
  ),
);

const OCI_KEY = ['tenancy', 'user', 'fingerprint', 'key_file'] as const;

export const oci = mechanism(
  'oci',
  [
    optionalField('auth', text, 'api_key'),
    optionalField('tenancy', text),
    optionalField('user', text),
    optionalField('fingerprint', text),
    optionalField('key_file', file),
    optionalField('key_passphrase', secret),
    field('region', text),
    optionalField('compartments', list(text)),
    optionalField('filter', text),
    port(80),
    field('refresh_interval', duration, 60_000),
  ],
  inOrder(
    required({ region: 'OCI SD configuration requires a region' }),
    (settings, at) => {
      const key = { ...settings, key_file: settings.keyFile };
      if (settings.auth === 'api_key') {
        const absent = OCI_KEY.find((name) => key[name] === '');
        if (absent !== undefined) at.fault(`OCI SD api_key auth requires ${absent}`, absent);
      } else if (settings.auth === 'instance_principal') {
        const given = OCI_KEY.find((name) => key[name] !== '');
        if (given !== undefined)
          at.fault(
            'OCI SD instance_principal auth must not have tenancy, user, fingerprint, or key_file set',
            given,
          );
      } else {
        at.fault(
          `OCI SD unknown auth method ${goQuote(settings.auth)}, expected "api_key" or "instance_principal"`,
          'auth',
        );
      }
    },
    ({ compartments }: { compartments: readonly string[] }, at: Checked) => {
      const empty = compartments.indexOf('');
      if (empty >= 0) at.fault(`OCI SD compartments[${empty}] must not be empty`, `compartments[${empty}]`);
    },
  ),
);

export const outscale = mechanism(
  'outscale',
  [
    optionalField('endpoint', text),
    field('region', text, 'eu-west-2'),
    field('access_key', text),
    optionalField('secret_key', secret),
    optionalField('secret_key_file', file),
    refreshInterval(60),
    port(80),
    withHttp,
  ],
  inOrder(
    required({ region: 'outscale SD configuration requires a region' }),
    required({ access_key: 'outscale SD configuration requires access_key' }),
    oneSecretKey,
    (settings) => {
      if (settings.endpoint === '') settings.endpoint = `https://api.${settings.region}.outscale.com/api/v1`;
    },
  ),
);

const OVH_SERVICES = ['dedicated_server', 'vps'];

export const ovhcloud = mechanism(
  'ovhcloud',
  [
    field('endpoint', text, 'ovh-eu'),
    field('application_key', text),
    field('application_secret', secret),
    field('consumer_key', secret),
    field('refresh_interval', duration, 60_000),
    field('service', text),
  ],
  inOrder(
    required({ endpoint: 'endpoint can not be empty' }),
    required({ application_key: 'application key can not be empty' }),
    required({ application_secret: 'application secret can not be empty' }),
    required({ consumer_key: 'consumer key can not be empty' }),
    ({ service }, at) => {
      if (!OVH_SERVICES.includes(service)) at.fault(`unknown service: ${service}`, 'service');
    },
  ),
);

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const SCALEWAY_ZONE = /^[a-z]{2}-[a-z]{3}-\d+$/;
const SCALEWAY_KEY = /^SCW[A-Z\d]{17}$/;

export const scaleway = mechanism(
  'scaleway',
  [
    field('project_id', text),
    optionalField('api_url', text, 'https://api.scaleway.com'),
    field('zone', text, 'fr-par-1'),
    field('access_key', text),
    optionalField('secret_key', secret),
    field('secret_key_file', file),
    optionalField('name_filter', text),
    optionalField('tags_filter', list(text)),
    withHttp,
    refreshInterval(60),
    port(80),
    field('role', text),
  ],
  inOrder(
    role(['instance', 'baremetal']),
    required({ project_id: 'project_id is mandatory' }),
    oneSecretKey,
    required({ access_key: 'access_key is mandatory' }),
    ({ accessKey, secretKey, projectId, apiUrl, zone }, at) => {
      if (!isUrl(apiUrl)) at.fault(`scaleway-sdk-go: invalid url ${apiUrl}`, 'api_url');
      else if (apiUrl.endsWith('/'))
        at.fault(`scaleway-sdk-go: invalid url ${apiUrl} it should not have a trailing slash`, 'api_url');
      else if (!SCALEWAY_KEY.test(accessKey))
        at.fault(
          `scaleway-sdk-go: invalid access key format '${accessKey}', expected SCWXXXXXXXXXXXXXXXXX format`,
          'access_key',
        );
      else if (secretKey !== '' && secretKey !== '<secret>' && !UUID.test(secretKey))
        at.fault(
          'scaleway-sdk-go: invalid secret key format, expected a UUID: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
          'secret_key',
        );
      else if (!UUID.test(projectId))
        at.fault(
          `scaleway-sdk-go: invalid project ID format '${projectId}', expected a UUID: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`,
          'project_id',
        );
      else if (!SCALEWAY_ZONE.test(zone))
        at.fault(`scaleway-sdk-go: invalid default zone format '${zone}'`, 'zone');
    },
  ),
);

function isUrl(text: string): boolean {
  try {
    parseGoUrl(text);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return false;
  }
}

function oneSecretKey(settings: { secretKey: string; secretKeyFile: string }, at: Checked): void {
  if (settings.secretKey !== '' && settings.secretKeyFile !== '')
    at.fault('at most one of secret_key & secret_key_file must be configured', 'secret_key_file');
  else if (settings.secretKey === '' && settings.secretKeyFile === '')
    at.fault('one of secret_key & secret_key_file must be configured');
}

export const stackit = mechanism(
  'stackit',
  [
    withHttp,
    optionalField('project', text),
    field('refresh_interval', duration, 60_000),
    port(80),
    optionalField('region', text, 'eu01'),
    optionalField('endpoint', text),
    optionalField('service_account_key', secret),
    optionalField('service_account_key_path', text),
    optionalField('private_key', secret),
    optionalField('private_key_path', text),
    optionalField('credentials_file_path', text),
  ],
  inOrder(required({ project: 'stackit SD configuration requires a project' })),
);

export const vultr = mechanism('vultr', [withHttp, field('refresh_interval', duration, 60_000), port(80)]);
