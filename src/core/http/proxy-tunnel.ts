/**
 * Sends a request through an HTTP proxy: a plain one by asking the proxy for the whole URL, a secure one through a
 * tunnel that the proxy opens on CONNECT (RFC 9110, 9.3.6), so that it sees the host and nothing else.
 */
import * as http from 'node:http';
import { type RequestOptions, request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { bareHost, type FetchTrace, shownUrl, urlAuthorization } from './fetch.ts';

type ConnectHeaders = Readonly<Record<string, readonly string[]>> | undefined;

/** Changes `options` so that they lead to `url` through `proxy`. Rejects with FetchError. */
export async function throughProxy(
  proxy: URL,
  url: URL,
  options: RequestOptions,
  headers: ConnectHeaders,
  trace: FetchTrace,
  signal: AbortSignal,
): Promise<void> {
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')
    throw trace.fail('http_proxy', `proxy ${shownUrl(proxy)}: only http and https proxies are supported`);
  if (url.protocol === 'http:') {
    options.agent = false;
    options.path = shownUrl(url);
    options.headers = {
      Host: url.host,
      ...(options.headers as http.OutgoingHttpHeaders),
      ...credentials(proxy),
    };
    options.protocol = proxy.protocol;
    options.hostname = bareHost(proxy);
    options.port = proxy.port || undefined;
    return;
  }
  const socket = await tunnel(proxy, url, headers, trace, signal);
  trace.phase = 'tls';
  const secured = connectTls({ ...(options as ConnectionOptions), socket });
  // Without an agent: one would make its own connection.
  options.agent = undefined;
  options.createConnection = () => secured;
}

function tunnel(
  proxy: URL,
  url: URL,
  headers: ConnectHeaders,
  trace: FetchTrace,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${url.hostname}:${url.port || 443}`;
    const fail = (reason: string) => reject(trace.fail('http_proxy', `proxy ${shownUrl(proxy)}: ${reason}`));
    const ask = proxy.protocol === 'https:' ? requestSecure : http.request;
    const request = ask({
      protocol: proxy.protocol,
      hostname: bareHost(proxy),
      port: proxy.port || undefined,
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, ...credentials(proxy), ...headers },
      agent: false,
      signal,
    });
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      fail(`refused with HTTP status ${response.statusCode}`);
    });
    // A proxy that answers without opening a tunnel.
    request.once('response', (response) => {
      response.destroy();
      fail(`refused with HTTP status ${response.statusCode}`);
    });
    request.on('error', reject);
    request.end();
  });
}

function credentials(proxy: URL): http.OutgoingHttpHeaders {
  const value = urlAuthorization(proxy);
  return value === undefined ? {} : { 'Proxy-Authorization': value };
}
