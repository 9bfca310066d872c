/** The HTTP client of a job, for those who scrape jobs of a configuration. */
import { openHttpClient } from '../http/configured-client.ts';
import type { FetchClient } from '../http/fetch.ts';
import type { ScrapeConfig } from './scrape-config.ts';

export interface JobClientOptions {
  userAgent: string;
  /** For `proxy_from_environment`. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** What `openClient` of a ScrapeManager is, for real targets. */
export function openJobClient(
  { http, enableCompression }: ScrapeConfig,
  { userAgent, env }: JobClientOptions,
): FetchClient {
  return openHttpClient(http, { userAgent, env, compression: enableCompression });
}
