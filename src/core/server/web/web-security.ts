/**
 * web.yml at work: TLS, who may sign in, which headers every answer has. The file and those that it names are looked at
 * again and again; a change counts from the next connection (TLS) or request on, and a change that is no good does not.
 */
import { statSync } from 'node:fs';
import { createSecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import type { WebConfig } from '../../config/web-config.ts';
import type { Logger } from '../logger.ts';
import { type AuthOutcome, BasicAuth, type Comparison } from './basic-auth.ts';
import { isPasswordOf } from './bcrypt.ts';
import { clientOptions, clientRefusal, secureContextOptions, tlsFiles } from './tls.ts';

const LOOK_MS = 1000;

export const PLAIN_WEB: WebConfig = { http2: true, headers: {}, basicAuthUsers: {} };

export interface WebSecurityOptions {
  /** web.yml; '' where there is none. */
  file: string;
  /** Reads it; throws InputError. */
  load: () => WebConfig;
  logger: Logger;
  /** Where passwords are compared; by default in this thread. */
  compare?: Comparison;
}

export class WebSecurity {
  private readonly options: WebSecurityOptions;
  private current: WebConfig;
  private auth: BasicAuth;
  private stamp: string;
  /** Requests that may come at once, at the time of the last. */
  private turns = Number.POSITIVE_INFINITY;
  private turnsAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** Throws InputError where web.yml, or a file that it names, is no good. */
  constructor(options: WebSecurityOptions) {
    this.options = options;
    this.current = checked(options.load());
    this.auth = this.authOf(this.current);
    this.stamp = this.stampOf(this.current);
  }

  get config(): WebConfig {
    return this.current;
  }

  /** For the server that is made; undefined for plain HTTP. */
  tlsOptions(): TlsOptions | undefined {
    const { tls } = this.current;
    return tls && { ...secureContextOptions(tls), ...clientOptions(tls) };
  }

  /** Why a client is not served, after its handshake; undefined where it is. */
  refusal(socket: TLSSocket): string | undefined {
    const { tls } = this.current;
    return tls && clientRefusal(tls, socket);
  }

  /** Whether one more request is within the rate limit; `now` is monotonic, ms. */
  takeTurn(now: number): boolean {
    const { rateLimit } = this.current;
    if (rateLimit === undefined || rateLimit.intervalMs <= 0) return true;
    const earned = (now - this.turnsAt) / rateLimit.intervalMs;
    this.turns = Math.min(Math.max(rateLimit.burst, 1), this.turns + earned);
    this.turnsAt = now;
    if (this.turns < 1) return false;
    this.turns--;
    return true;
  }

  /** `client` is the address of who asks. */
  signIn(authorization: string, client: string): Promise<AuthOutcome> | AuthOutcome {
    return this.auth.required ? this.auth.check(authorization, client) : 'allowed';
  }

  /** Looks every second whether something has changed, until `stop`; `onTls` is given the new certificates. */
  watch(onTls: (options: TlsOptions) => void): void {
    if (this.options.file === '' && this.current.tls === undefined) return;
    this.timer = setInterval(() => this.look(onTls), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Reads everything again where it has changed; what is no good is told, and what was before stays. */
  look(onTls: (options: TlsOptions) => void): void {
    const stamp = this.stampOf(this.current);
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    const { file, load, logger } = this.options;
    try {
      const next = checked(load());
      if ((next.tls === undefined) !== (this.current.tls === undefined)) {
        logger.warn('TLS is switched on or off with the next start only', { file });
        return;
      }
      this.current = next;
      this.auth = this.authOf(next);
      const tls = this.tlsOptions();
      if (tls !== undefined) onTls(tls);
      this.stamp = this.stampOf(next);
      logger.info('read the web configuration again', { file });
    } catch (error) {
      logger.error('the new web configuration is no good, the old one stays', {
        file,
        error: (error as Error).message,
      });
    }
  }

  private authOf({ basicAuthUsers }: WebConfig): BasicAuth {
    return new BasicAuth(basicAuthUsers, this.options.compare ?? isPasswordOf);
  }

  private stampOf({ tls }: WebConfig): string {
    const files = [this.options.file, ...(tls === undefined ? [] : tlsFiles(tls))].filter(
      (file) => file !== '',
    );
    return files.map(stampOfFile).join();
  }
}

/** Certificates that cannot be used are found now, not by the first client. */
function checked(config: WebConfig): WebConfig {
  if (config.tls !== undefined) createSecureContext(secureContextOptions(config.tls));
  return config;
}

function stampOfFile(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'absent';
  }
}
