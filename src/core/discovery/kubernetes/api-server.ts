/** Where the API server is, and how to convince it. */
import type { HttpClientConfig } from '../../http/http-config.ts';

export interface ApiServer {
  /** Ends with a slash: paths of the API come behind it. */
  server: URL;
  http: HttpClientConfig;
}

/** A server may be a path of another one: a proxy for many clusters. */
export function withSlash(address: string): URL {
  const url = new URL(address);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
