/** `remote_write` and `remote_read`. */
import { goQuote } from '../../model/quote.ts';
import type { AzureAdConfig, GoogleIamConfig, SigV4Config } from '../../remote/cloud-auth.ts';
import type { RemoteReadConfig } from '../../remote/remote-read-config.ts';
import type { MetadataConfig, QueueConfig, RemoteWriteConfig } from '../../remote/remote-write-config.ts';
import {
  boolean,
  type Checked,
  duration,
  field,
  file,
  integer,
  mapOf,
  oneOf,
  optional,
  optionalField,
  Struct,
  secret,
  text,
  unsigned,
  url,
} from '../schema/index.ts';
import { http, httpConfig } from './http.ts';
import { labelSet } from './labels.ts';
import { relabelRules } from './relabel.ts';

export const sigv4 = new Struct<SigV4Config>(
  'sigv4.plain',
  [
    optionalField('region', text),
    optionalField('access_key', text),
    optionalField('secret_key', secret),
    optionalField('profile', text),
    optionalField('role_arn', text),
    optionalField('external_id', text),
    optionalField('use_fips_sts_endpoint', boolean),
    optionalField('service_name', text),
  ],
  {
    check({ accessKey, secretKey }, at) {
      if ((accessKey === '') !== (secretKey === ''))
        at.fault(
          'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
        );
    },
  },
);

const UUID = /^(?:urn:uuid:|\{)?[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}\}?$/i;

const azuread = new Struct<AzureAdConfig>(
  'azuread.plain',
  [
    optionalField(
      'managed_identity',
      optional(new Struct('azuread.ManagedIdentityConfig', [optionalField('client_id', text)])),
    ),
    optionalField(
      'workload_identity',
      optional(
        new Struct('azuread.WorkloadIdentityConfig', [
          optionalField('client_id', text),
          optionalField('tenant_id', text),
          optionalField('token_file_path', text, '/var/run/secrets/azure/tokens/azure-identity-token'),
        ]),
      ),
    ),
    optionalField(
      'oauth',
      optional(
        new Struct('azuread.OAuthConfig', [
          optionalField('client_id', text),
          optionalField('client_secret', secret),
          optionalField('tenant_id', text),
        ]),
      ),
    ),
    optionalField(
      'certificate',
      optional(
        new Struct('azuread.CertificateConfig', [
          optionalField('client_id', text),
          optionalField('tenant_id', text),
          optionalField('certificate_path', file),
          optionalField('certificate_key_path', file),
          optionalField('certificate_password', secret),
        ]),
      ),
    ),
    optionalField('sdk', optional(new Struct('azuread.SDKConfig', [optionalField('tenant_id', text)]))),
    optionalField('cloud', text, 'AzurePublic'),
    optionalField('scope', text),
  ],
  { check: checkAzureAd },
);

const googleIam = new Struct<GoogleIamConfig>('googleiam.Config', [optionalField('credentials_file', file)]);

const DEFAULT_QUEUE = { capacity: 10_000, maxShards: 50, maxSamplesPerSend: 2000 };

const queueConfig = new Struct<QueueConfig>(
  'config.QueueConfig',
  [
    optionalField('capacity', integer, DEFAULT_QUEUE.capacity),
    optionalField('max_shards', integer, DEFAULT_QUEUE.maxShards),
    optionalField('min_shards', integer, 1),
    optionalField('max_samples_per_send', integer, DEFAULT_QUEUE.maxSamplesPerSend),
    optionalField('batch_send_deadline', duration, 5000),
    optionalField('min_backoff', duration, 30),
    optionalField('max_backoff', duration, 5000),
    optionalField('retry_on_http_429', boolean),
    optionalField('sample_age_limit', duration),
  ],
  { check: checkQueue },
);

const metadataConfig = new Struct<MetadataConfig>('config.MetadataConfig', [
  field('send', boolean, true),
  field('send_interval', duration, 60_000),
  optionalField('max_samples_per_send', integer, 2000),
]);

const MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'];

function unknownMessage(message: string): string {
  return `invalid protobuf_message value: unknown remote write protobuf message ${message}, supported: ${MESSAGES.join(', ')}`;
}

export const remoteWrite = new Struct<RemoteWriteConfig>(
  'config.plain',
  [
    field('url', optional(url)),
    optionalField('remote_timeout', duration, 30_000),
    optionalField('headers', mapOf(text)),
    optionalField(
      'write_relabel_configs',
      relabelRules('empty or null relabeling rule in remote write config'),
    ),
    optionalField('name', text),
    optionalField('send_exemplars', boolean),
    optionalField('send_native_histograms', boolean),
    optionalField('round_robin_dns', boolean),
    optionalField('protobuf_message', oneOf(MESSAGES, unknownMessage), MESSAGES[0]),
    { inline: httpConfig(false), prop: 'http' },
    optionalField('queue_config', queueConfig, queueConfig.initial()),
    optionalField('metadata_config', metadataConfig, metadataConfig.initial()),
    optionalField('sigv4', optional(sigv4)),
    optionalField('azuread', optional(azuread)),
    optionalField('google_iam', optional(googleIam)),
  ],
  {
    check(config, at) {
      checkUrl('remote_write', config.url, at);
      if (!MESSAGES.includes(config.protobufMessage))
        at.fault(unknownMessage(config.protobufMessage), 'protobuf_message');
      checkHeaders(config.headers, at);
      checkAuth(config, at);
    },
  },
);

export const remoteRead = new Struct<RemoteReadConfig>(
  'config.plain',
  [
    field('url', optional(url)),
    optionalField('remote_timeout', duration, 60_000),
    optionalField('chunked_read_limit', unsigned, 50_000_000),
    optionalField('headers', mapOf(text)),
    optionalField('read_recent', boolean),
    optionalField('name', text),
    { inline: http, prop: 'http' },
    optionalField('required_matchers', labelSet),
    optionalField('filter_external_labels', boolean, true),
  ],
  {
    check(config, at) {
      checkUrl('remote_read', config.url, at);
      checkHeaders(config.headers, at);
    },
  },
);

/** Headers that a request has anyway. */
const RESERVED_HEADERS = new Set([
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
]);

/** `authorization` is what to say of a header of that name. */
export function checkHeaders(
  headers: Readonly<Record<string, string>>,
  at: Checked,
  authorization = 'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter',
): void {
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (lower === 'authorization') at.fault(authorization, `headers.${name}`);
    else if (RESERVED_HEADERS.has(lower))
      at.fault(`${name} is a reserved header. It must not be changed`, `headers.${name}`);
  }
}

/** Names tell servers apart, so none may be there twice. */
export function checkNames(
  section: 'write' | 'read',
  configs: readonly { name: string }[],
  fault: (i: number, message: string) => void,
): void {
  const seen = new Set<string>();
  for (const [i, { name }] of configs.entries()) {
    if (name !== '' && seen.has(name))
      fault(i, `found multiple remote ${section} configs with job name ${goQuote(name)}`);
    seen.add(name);
  }
}

function checkUrl(section: string, value: string | undefined, at: Checked): void {
  if (value === undefined) at.fault(`url for ${section} is empty`, 'url');
}

function checkAuth(config: RemoteWriteConfig, at: Checked): void {
  const configured = [
    ['basic_auth', config.http.basicAuth],
    ['authorization', config.http.authorization],
    ['oauth2', config.http.oauth2],
    ['sigv4', config.sigv4],
    ['azuread', config.azuread],
    ['google_iam', config.googleIam],
  ]
    .filter(([, auth]) => auth !== undefined)
    .map(([name]) => name as string);
  if (configured.length > 1) {
    at.fault(
      `at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured. Currently configured: [${configured.join(' ')}]`,
      configured[1],
    );
  }
}

function checkQueue(queue: QueueConfig, at: Checked): void {
  for (const [key, value] of [
    ['capacity', queue.capacity],
    ['max_shards', queue.maxShards],
    ['min_shards', queue.minShards],
    ['max_samples_per_send', queue.maxSamplesPerSend],
  ] as const) {
    if (value <= 0) at.fault(`${key} must be greater than 0, got ${value}`, key);
  }
  if (queue.minShards > queue.maxShards && queue.maxShards > 0)
    at.fault(
      `min_shards (${queue.minShards}) must not be greater than max_shards (${queue.maxShards})`,
      'min_shards',
    );
  if (queue.minBackoffMs > queue.maxBackoffMs)
    at.fault('max_backoff must be greater than or equal to min_backoff', 'max_backoff');
}

function checkAzureAd(config: AzureAdConfig, at: Checked): void {
  if (!['AzurePublic', 'AzureChina', 'AzureGovernment'].includes(config.cloud))
    at.fault('must provide a cloud in the Azure AD config', 'cloud');
  const { managedIdentity, workloadIdentity, oauth, certificate, sdk } = config;
  const given = [managedIdentity, workloadIdentity, oauth, certificate, sdk].filter(
    (way) => way !== undefined,
  );
  if (given.length === 0)
    at.fault(
      'must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate or Azure SDK in the Azure AD config',
    );
  if (given.length > 1)
    at.fault(
      'cannot provide multiple authentication methods: choose one of Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate and Azure SDK',
    );
  if (managedIdentity !== undefined && managedIdentity.clientId !== '')
    checkUuid(managedIdentity.clientId, 'managed_identity.client_id', 'Azure Managed Identity client_id', at);
  for (const [key, name, way] of [
    ['workload_identity', 'Azure Workload Identity', workloadIdentity],
    ['oauth', 'Azure OAuth', oauth],
    ['certificate', 'Azure Certificate', certificate],
  ] as const) {
    if (way === undefined) continue;
    for (const part of ['client_id', 'tenant_id'] as const) {
      const value = part === 'client_id' ? way.clientId : way.tenantId;
      if (value === '') at.fault(`must provide an ${name} ${part} in the Azure AD config`, key);
      else checkUuid(value, `${key}.${part}`, `${name} ${part}`, at);
    }
  }
  if (oauth !== undefined && oauth.clientSecret === '')
    at.fault('must provide an Azure OAuth client_secret in the Azure AD config', 'oauth');
  if (certificate !== undefined && certificate.certificatePath === '')
    at.fault('must provide an Azure Certificate certificate_path in the Azure AD config', 'certificate');
  if (sdk !== undefined && sdk.tenantId !== '')
    checkUuid(sdk.tenantId, 'sdk.tenant_id', 'Azure SDK tenant_id', at);
  if (config.scope !== '' && !/^[\w\s:/.\\-]+$/.test(config.scope))
    at.fault('the provided scope contains invalid characters', 'scope');
}

function checkUuid(value: string, key: string, what: string, at: Checked): void {
  if (!UUID.test(value)) at.fault(`the provided ${what} is invalid`, key);
}
