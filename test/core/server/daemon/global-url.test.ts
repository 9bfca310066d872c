import { expect, it } from 'vitest';
import { globalUrlFor } from '../../../../src/core/server/daemon/global-url.ts';

it.each([
  ['http://127.0.0.1:9100/metrics', 'http://mon.example:9100/metrics'],
  ['http://localhost:9090/metrics', 'https://mon.example:7777/metrics'],
  ['http://[::1]:9090/a?b=c', 'https://mon.example:7777/a?b=c'],
  ['http://host:9090/metrics', 'http://host:9090/metrics'],
  ['no URL', 'no URL'],
])('an address as others write it: %s', (url, global) => {
  expect(globalUrlFor(new URL('https://mon.example:7777/'), 9090)(url)).toBe(global);
});
