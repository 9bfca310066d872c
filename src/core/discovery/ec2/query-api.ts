/** One of Amazon's query APIs (EC2, STS): a form in, XML out. */
import type { Clock } from '../../clock.ts';
import { InputError } from '../../errors.ts';
import { type FetchClient, shownUrl } from '../../http/fetch.ts';
import { fetchAnyText } from '../http-json.ts';
import { type AwsCredentials, signedHeaders } from './sigv4.ts';
import { parseXml, type XmlElement } from './xml.ts';

export interface QueryTarget {
  service: 'ec2' | 'sts';
  region: string;
  /** '' for Amazon's own. */
  endpoint: string;
  /** Of the API. */
  version: string;
}

/** Asks; without credentials the request is not signed. Rejects with InputError (`discovery_aws`) for a refusal. */
export async function query(
  client: FetchClient,
  { service, region, endpoint, version }: QueryTarget,
  params: readonly (readonly [string, string])[],
  credentials: AwsCredentials | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<XmlElement> {
  const url = endpointUrl(endpoint, service, region);
  const form = new URLSearchParams([
    ...params.map(([name, value]): [string, string] => [name, value]),
    ['Version', version],
  ]);
  const content = Buffer.from(form.toString());
  const given = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const headers =
    credentials === undefined
      ? given
      : signedHeaders(credentials, { url, content, headers: given, service, region, now: clock.now() });
  const { status, text } = await fetchAnyText(client, { url, headers, content }, signal);
  if (status === 200) return parseXml(text);
  throw new InputError('discovery_aws', refusal(status, text), { file: shownUrl(url) });
}

function endpointUrl(endpoint: string, service: string, region: string): URL {
  if (endpoint !== '') return new URL(endpoint.includes('://') ? endpoint : `https://${endpoint}`);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return new URL(`https://${service}.${region}.${domain}/`);
}

/** EC2 has `<Response><Errors><Error>`, STS `<ErrorResponse><Error>`. */
function refusal(status: number, text: string): string {
  try {
    const root = parseXml(text);
    const error = root.at('Errors', 'Error') ?? root.at('Error');
    const code = error?.textAt('Code');
    if (code !== undefined) return `${code}: ${error?.textAt('Message') ?? ''} (HTTP status ${status})`;
  } catch {
    // Not every refusal comes from the API itself.
  }
  return `HTTP status ${status}`;
}
