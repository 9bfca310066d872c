/**
 * What an instance can ask of itself (the instance metadata service, version 2): a token first, then everything else.
 * See https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
import { InputError } from '../../errors.ts';
import type { FetchClient } from '../../http/fetch.ts';
import { fetchAnyText } from '../http-json.ts';

const DEFAULT_ENDPOINT = 'http://169.254.169.254';
const TOKEN_SECONDS = 300;
/** It is on the same machine, or not there at all. */
const TIMEOUT_MS = 5000;

export class InstanceMetadata {
  private readonly client: FetchClient;
  private readonly endpoint: string;

  constructor(client: FetchClient, env: Readonly<Record<string, string | undefined>>) {
    this.client = client;
    this.endpoint = (env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || DEFAULT_ENDPOINT).replace(/\/$/, '');
  }

  /** Rejects with InputError (`discovery_aws`), or what fetching rejects with. */
  async get(path: string, signal: AbortSignal): Promise<string> {
    const token = await this.ask(
      'api/token',
      { 'X-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) },
      signal,
      'PUT',
    );
    return this.ask(path, { 'X-aws-ec2-metadata-token': token }, signal);
  }

  private async ask(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
    method?: 'PUT',
  ): Promise<string> {
    const url = new URL(`${this.endpoint}/latest/${path}`);
    const request = { url, headers, timeoutMs: TIMEOUT_MS, method };
    const { status, text } = await fetchAnyText(this.client, request, signal);
    if (status !== 200)
      throw new InputError(
        'discovery_aws',
        `the instance metadata service answers with HTTP status ${status}`,
        {
          file: url.href,
        },
      );
    return text.trim();
  }
}
