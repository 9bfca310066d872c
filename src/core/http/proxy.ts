/**
 * HTTP proxies as the environment names them (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case), with the rules
 * that Go programs follow: loopback never goes through a proxy, and NO_PROXY lists hosts, domains with everything
 * below them, addresses, CIDR ranges and `*`, each with an optional port.
 */
import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether any proxy is named at all; where none is, nothing else of this file is needed. */
export function namesProxy(env: Environment): boolean {
  return variable(env, 'http_proxy') !== '' || variable(env, 'https_proxy') !== '';
}

/** The proxy for a request, or undefined where it goes directly. Throws TypeError for a proxy that is no URL. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const named = variable(env, url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  if (named === '' || isLoopback(bareHost(url)) || bypasses(url, variable(env, 'no_proxy'))) return undefined;
  return new URL(named.includes('://') ? named : `http://${named}`);
}

function variable(env: Environment, name: string): string {
  return (env[name] || env[name.toUpperCase()] || '').trim();
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function bypasses(url: URL, list: string): boolean {
  const host = bareHost(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  for (const item of list.split(',')) {
    const entry = item.trim().toLowerCase();
    if (entry === '') continue;
    if (entry === '*') return true;
    if (entry.includes('/')) {
      if (inRange(host, entry)) return true;
      continue;
    }
    const { name, onPort } = splitPort(entry);
    if (onPort !== undefined && onPort !== port) continue;
    const domain = name.startsWith('*.') ? name.slice(1) : name;
    if (host === domain) return true;
    if (isIP(domain) === 0 && host.endsWith(domain.startsWith('.') ? domain : `.${domain}`)) return true;
  }
  return false;
}

function inRange(host: string, range: string): boolean {
  const family = isIP(host);
  const [network, bits] = range.split('/');
  if (family === 0 || isIP(network) !== family || !/^\d+$/.test(bits)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}

function splitPort(entry: string): { name: string; onPort: string | undefined } {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { name: bracketed[1], onPort: bracketed[2] };
  if (isIP(entry) === 6) return { name: entry, onPort: undefined };
  const colon = entry.lastIndexOf(':');
  return colon < 0
    ? { name: entry, onPort: undefined }
    : { name: entry.slice(0, colon), onPort: entry.slice(colon + 1) };
}
