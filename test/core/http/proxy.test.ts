import { describe, expect, it } from 'vitest';
import { namesProxy, proxyFor } from '../../../src/core/http/proxy.ts';

function proxy(url: string, env: Record<string, string>): string | undefined {
  return proxyFor(new URL(url), env)?.href;
}

describe('the proxy of the environment', () => {
  it('is that of the URL’s scheme, in either case', () => {
    const env = { HTTP_PROXY: 'http://p:3128', https_proxy: 'q:3129' };
    expect(proxy('http://h/', env)).toBe('http://p:3128/');
    expect(proxy('https://h/', env)).toBe('http://q:3129/');
    expect(proxy('https://h/', { HTTP_PROXY: 'http://p:3128' })).toBeUndefined();
    expect(namesProxy(env)).toBe(true);
    expect(namesProxy({ NO_PROXY: '*' })).toBe(false);
  });

  it.each(['http://localhost:9100/', 'http://127.0.0.1/', 'http://127.8.9.1/', 'http://[::1]:9100/'])(
    'is not for loopback: %s',
    (url) => expect(proxy(url, { HTTP_PROXY: 'p:1' })).toBeUndefined(),
  );

  it.each([
    ['http://h.example/', 'example', false],
    ['http://example/', 'example', false],
    ['http://badexample/', 'example', true],
    ['http://h.example/', '.example', false],
    ['http://example/', '.example', true],
    ['http://h.example/', '*.example', false],
    ['http://h.example/', 'other, H.Example', false],
    ['http://h:9100/', 'h:9100', false],
    ['http://h:9101/', 'h:9100', true],
    ['http://h/', 'h:80', false],
    ['http://10.1.2.3/', '10.0.0.0/8', false],
    ['http://11.1.2.3/', '10.0.0.0/8', true],
    ['http://[fd00::1]/', 'fd00::/8', false],
    ['http://10.1.2.3/', '10.1.2.3', false],
    ['http://110.1.2.3/', '10.1.2.3', true],
    ['http://h/', '*', false],
    ['http://h/', '10.0.0.0/99', true],
    ['http://h/', '', true],
  ])('%s with NO_PROXY=%s', (url, noProxy, proxied) => {
    expect(proxy(url, { HTTP_PROXY: 'p:1', NO_PROXY: noProxy }) !== undefined).toBe(proxied);
  });
});
