/**
 * Where the credentials for Amazon's APIs come from, in the order of its own tools: the settings, the environment, a
 * profile, a web identity (EKS), the container's host (ECS, EKS), the instance itself; and the role to take with them.
 * Those that end are asked for again before they do.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import { InputError } from '../../errors.ts';
import type { FetchClient } from '../../http/fetch.ts';
import { fetchJson, parseAnswer } from '../http-json.ts';
import type { Ec2DiscoveryConfig } from '../sd-config.ts';
import { InstanceMetadata } from './metadata.ts';
import { profileName, readProfile } from './profile.ts';
import { type QueryTarget, query } from './query-api.ts';
import type { AwsCredentials } from './sigv4.ts';
import type { XmlElement } from './xml.ts';

const STS_VERSION = '2011-06-15';
const SESSION = 'tsmon';
const CONTAINER_HOST = 'http://169.254.170.2';
/** Credentials are given up this long before their end. */
const MARGIN_MS = 5 * 60_000;

interface Held {
  credentials: AwsCredentials;
  /** Milliseconds since the epoch. */
  goodUntil: number;
}

export interface CredentialsOptions {
  config: Pick<Ec2DiscoveryConfig, 'accessKey' | 'secretKey' | 'profile' | 'roleArn' | 'externalId'>;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** For Amazon's APIs. */
  client: FetchClient;
  /** For what is on the same machine. */
  localClient: FetchClient;
}

export class CredentialsSource {
  private readonly options: CredentialsOptions;
  readonly metadata: InstanceMetadata;
  private own: Held | undefined;
  private role: Held | undefined;

  constructor(options: CredentialsOptions) {
    this.options = options;
    this.metadata = new InstanceMetadata(options.localClient, options.env);
  }

  /** What the settings leave open: the environment's, the profile's or the instance's own. */
  async region(signal: AbortSignal): Promise<string> {
    const { env, config } = this.options;
    const given = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
    if (given) return given;
    const profile = await readProfile(env, profileName(env, config.profile));
    return profile?.get('region') || this.metadata.get('meta-data/placement/region', signal);
  }

  async get(region: string, signal: AbortSignal): Promise<AwsCredentials> {
    const { roleArn, externalId } = this.options.config;
    if (roleArn === '') return this.base(region, signal);
    const now = this.options.clock.now();
    if (this.role === undefined || this.role.goodUntil <= now) {
      const params: [string, string][] = [['RoleArn', roleArn]];
      if (externalId !== '') params.push(['ExternalId', externalId]);
      this.role = await this.assume('AssumeRole', params, region, await this.base(region, signal), signal);
    }
    return this.role.credentials;
  }

  private async base(region: string, signal: AbortSignal): Promise<AwsCredentials> {
    if (this.own === undefined || this.own.goodUntil <= this.options.clock.now())
      this.own = await this.find(region, signal);
    return this.own.credentials;
  }

  private async find(region: string, signal: AbortSignal): Promise<Held> {
    const { config, env } = this.options;
    if (config.accessKey !== '' || config.secretKey !== '') {
      if (config.accessKey === '' || config.secretKey === '')
        throw fault('access_key and secret_key must be given together');
      return lasting(config.accessKey, config.secretKey, '');
    }
    const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = env;
    if (config.profile === '' && accessKey && secretKey)
      return lasting(accessKey, secretKey, env['AWS_SESSION_TOKEN'] ?? '');
    const name = profileName(env, config.profile);
    const profile = await readProfile(env, name);
    const [id, secret] = [profile?.get('aws_access_key_id'), profile?.get('aws_secret_access_key')];
    if (id && secret) return lasting(id, secret, profile?.get('aws_session_token') ?? '');
    if (config.profile !== '') throw fault(`there are no credentials in the profile "${name}"`);
    return (
      (await this.fromWebIdentity(region, signal)) ??
      (await this.fromContainerHost(signal)) ??
      this.fromInstance(signal)
    );
  }

  private async fromWebIdentity(region: string, signal: AbortSignal): Promise<Held | undefined> {
    const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: roleArn } = this.options.env;
    if (!file || !roleArn) return undefined;
    const params: [string, string][] = [
      ['RoleArn', roleArn],
      ['WebIdentityToken', (await readFile(file, 'utf8')).trim()],
    ];
    return this.assume('AssumeRoleWithWebIdentity', params, region, undefined, signal);
  }

  private async fromContainerHost(signal: AbortSignal): Promise<Held | undefined> {
    const { env, localClient } = this.options;
    const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
    const address = relative ? CONTAINER_HOST + relative : env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
    if (!address) return undefined;
    const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const token = file ? (await readFile(file, 'utf8')).trim() : env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
    const headers: Record<string, string> = token ? { Authorization: token } : {};
    const request = { url: new URL(address), headers };
    const { document } = await fetchJson<TemporaryKeys>(localClient, request, signal);
    return temporary(document);
  }

  private async fromInstance(signal: AbortSignal): Promise<Held> {
    const { env } = this.options;
    if (env['AWS_EC2_METADATA_DISABLED'] === 'true') throw fault('there are no credentials');
    const path = 'meta-data/iam/security-credentials/';
    const role = (await this.metadata.get(path, signal)).split('\n')[0];
    const text = await this.metadata.get(path + role, signal);
    return temporary(parseAnswer(text, new URL(`http://instance-metadata/${path}`)) as TemporaryKeys);
  }

  private async assume(
    action: 'AssumeRole' | 'AssumeRoleWithWebIdentity',
    more: readonly (readonly [string, string])[],
    region: string,
    credentials: AwsCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Held> {
    const { env, client, clock } = this.options;
    const endpoint = env['AWS_ENDPOINT_URL_STS'] || env['AWS_ENDPOINT_URL'] || '';
    const target: QueryTarget = { service: 'sts', region, endpoint, version: STS_VERSION };
    const session = env['AWS_ROLE_SESSION_NAME'] || SESSION;
    const params = [['Action', action] as const, ['RoleSessionName', session] as const, ...more];
    const answer = await query(client, target, params, credentials, clock, signal);
    return temporary(keysIn(answer.at(`${action}Result`, 'Credentials')));
  }
}

/** As the instance metadata service and the container's host write them. */
interface TemporaryKeys {
  AccessKeyId?: string | undefined;
  SecretAccessKey?: string | undefined;
  Token?: string | undefined;
  Expiration?: string | undefined;
}

function keysIn(element: XmlElement | undefined): TemporaryKeys {
  return {
    AccessKeyId: element?.textAt('AccessKeyId'),
    SecretAccessKey: element?.textAt('SecretAccessKey'),
    Token: element?.textAt('SessionToken'),
    Expiration: element?.textAt('Expiration'),
  };
}

function temporary({
  AccessKeyId: id,
  SecretAccessKey: secret,
  Token: token,
  Expiration: end,
}: TemporaryKeys): Held {
  if (!id || !secret) throw fault('the answer has no credentials');
  const expiry = Date.parse(end ?? '');
  return {
    credentials: { accessKey: id, secretKey: secret, sessionToken: token ?? '' },
    goodUntil: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry - MARGIN_MS,
  };
}

function lasting(accessKey: string, secretKey: string, sessionToken: string): Held {
  return { credentials: { accessKey, secretKey, sessionToken }, goodUntil: Number.POSITIVE_INFINITY };
}

function fault(reason: string): InputError {
  return new InputError('discovery_aws', reason);
}
