/**
 * Access tokens: the client credentials grant (RFC 6749, 4.4) and the JWT bearer grant (RFC 7523, 2.1). A token is
 * kept until shortly before it expires, and asked for once however many wait for it.
 */
import { createSign } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { BodyBuffer } from './body.ts';
import { basicAuthorization, type FetchClient } from './fetch.ts';
import { JWT_BEARER_GRANT, type OAuth2Config } from './http-config.ts';
import { secretSource } from './live-file.ts';

/** A token is given up this long before its end. */
const EXPIRY_MARGIN_MS = 10_000;
const TIMEOUT_MS = 30_000;
const ASSERTION_LIFE_S = 3600;
const MOST_BYTES = 1024 * 1024;

interface Token {
  authorization: string;
  /** By the clock's monotonic time; infinite where the server did not say. */
  goodUntil: number;
  /** The secret that it was got with. */
  secret: string;
}

export class TokenSource {
  private readonly config: OAuth2Config;
  private readonly client: FetchClient;
  private readonly clock: Clock;
  private readonly secret: () => string;
  private token: Token | undefined;
  private pending: Promise<Token> | undefined;
  /** What the server is known to take: the secret in a header, or among the parameters. */
  private inParameters = false;

  /** The client is for the token's server; who gave it closes it. */
  constructor(config: OAuth2Config, client: FetchClient, clock: Clock) {
    this.config = config;
    this.client = client;
    this.clock = clock;
    this.secret =
      config.grantType === JWT_BEARER_GRANT
        ? secretSource(config.clientCertificateKey, config.clientCertificateKeyFile)
        : secretSource(config.clientSecret, config.clientSecretFile);
  }

  /** The value of the Authorization header. Rejects with InputError (`oauth2`) or what fetching rejects with. */
  authorization(): string | Promise<string> {
    const secret = this.secret();
    const { token } = this;
    if (token !== undefined && token.secret === secret && this.clock.monotonic() < token.goodUntil)
      return token.authorization;
    this.pending ??= this.renew(secret).finally(() => {
      this.pending = undefined;
    });
    return this.pending.then(({ authorization }) => authorization);
  }

  private async renew(secret: string): Promise<Token> {
    const asked = this.clock.monotonic();
    const answer = await (this.config.grantType === JWT_BEARER_GRANT
      ? this.ask({ grant_type: JWT_BEARER_GRANT, assertion: this.assertion(secret) })
      : this.askWithSecret(secret));
    const type = answer.token_type ?? 'Bearer';
    const seconds = Number(answer.expires_in ?? 0);
    this.token = {
      // Some servers write the type in lower case and want it as it is registered.
      authorization: `${/^bearer$/i.test(type) ? 'Bearer' : type} ${answer.access_token}`,
      goodUntil: seconds > 0 ? asked + seconds * 1000 - EXPIRY_MARGIN_MS : Number.POSITIVE_INFINITY,
      secret,
    };
    return this.token;
  }

  private async askWithSecret(secret: string): Promise<TokenAnswer> {
    const { clientId, scopes } = this.config;
    const form: Record<string, string> = { grant_type: 'client_credentials' };
    if (scopes.length > 0) form['scope'] = scopes.join(' ');
    const withSecret = { ...form, client_id: clientId, client_secret: secret };
    if (this.inParameters) return this.ask(withSecret);
    try {
      return await this.ask(form, basicAuthorization(formEncoded(clientId), formEncoded(secret)));
    } catch (error) {
      if (!(error instanceof InputError) || error.code !== 'oauth2') throw error;
      const answer = await this.ask(withSecret);
      this.inParameters = true;
      return answer;
    }
  }

  private async ask(form: Record<string, string>, authorization?: string): Promise<TokenAnswer> {
    const { tokenUrl, endpointParams } = this.config;
    const headers: Record<string, string> = { 'Content-Type': 'application/x-www-form-urlencoded' };
    if (authorization !== undefined) headers['Authorization'] = authorization;
    const body = new BodyBuffer();
    const { status } = await this.client.fetch(
      {
        url: new URL(tokenUrl),
        headers,
        timeoutMs: TIMEOUT_MS,
        bodySizeLimitBytes: MOST_BYTES,
        content: Buffer.from(new URLSearchParams({ ...form, ...endpointParams }).toString()),
        accepts: () => true,
      },
      body,
    );
    const text = Buffer.from(body.bytes).toString('utf8');
    const answer = parsed(text);
    if (status < 200 || status > 299 || answer?.access_token === undefined) {
      const reason = answer?.error_description ?? answer?.error ?? `HTTP status ${status}`;
      throw new InputError('oauth2', `cannot fetch token: ${reason}`, { file: tokenUrl });
    }
    return answer;
  }

  private assertion(key: string): string {
    const { config } = this;
    const algorithm = config.signatureAlgorithm || 'RS256';
    const issuedAt = Math.floor(this.clock.now() / 1000) - EXPIRY_MARGIN_MS / 1000;
    const header: Record<string, unknown> = { alg: algorithm, typ: 'JWT' };
    if (config.clientCertificateKeyId !== '') header['kid'] = config.clientCertificateKeyId;
    const claims: Record<string, unknown> = {
      ...config.claims,
      iss: config.iss || config.clientId,
      sub: config.clientId,
      aud: config.audience || config.tokenUrl,
      iat: issuedAt,
      exp: issuedAt + ASSERTION_LIFE_S,
    };
    if (config.scopes.length > 0) claims['scope'] = config.scopes.join(' ');
    const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
    try {
      const signature = createSign(`RSA-SHA${algorithm.slice(2)}`)
        .update(signed)
        .sign(key, 'base64url');
      return `${signed}.${signature}`;
    } catch (error) {
      throw new InputError(
        'oauth2',
        `cannot sign with the client certificate's key: ${(error as Error).message}`,
      );
    }
  }
}

interface TokenAnswer {
  access_token?: string;
  token_type?: string;
  expires_in?: number | string;
  error?: string;
  error_description?: string;
}

/** Answers come as JSON, and from a few old servers as a form. */
function parsed(text: string): TokenAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return text.includes('access_token=') ? Object.fromEntries(new URLSearchParams(text)) : undefined;
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
