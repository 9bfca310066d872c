/**
 * Signing of requests to Amazon's APIs, version 4, for POST requests with a form.
 * See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  accessKey: string;
  secretKey: string;
  /** '' for keys that do not expire. */
  sessionToken: string;
}

export interface SignedPart {
  url: URL;
  content: Uint8Array;
  /** To sign along; names in lower case. */
  headers: Readonly<Record<string, string>>;
  service: string;
  region: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The headers to send: those given, and what proves who sends them. */
export function signedHeaders(
  { accessKey, secretKey, sessionToken }: AwsCredentials,
  { url, content, headers: given, service, region, now }: SignedPart,
): Record<string, string> {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = { ...given, 'x-amz-date': time };
  if (sessionToken !== '') headers['x-amz-security-token'] = sessionToken;
  const signed: Record<string, string> = { ...headers, host: url.host };
  const names = Object.keys(signed).sort();
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${signed[name].trim().replace(/\s+/g, ' ')}`),
    '',
    names.join(';'),
    sha256(content),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  headers['Authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
