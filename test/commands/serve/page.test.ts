import { expect, it } from 'vitest';
import { directory, RunningServer } from './running.ts';

it('the page for browsers is there at all its paths, and loads nothing from elsewhere', async () => {
  const server = new RunningServer(directory({ 'prometheus.yml': '' }), ['--web.route-prefix=/mon']);
  const base = await server.url('/mon');
  const html = await (await fetch(`${base}/graph?g0.expr=up&g0.tab=1`)).text();
  expect(html).toContain('<base href="/mon/">');
  for (const path of [
    '/',
    '/query',
    '/alerts',
    '/rules',
    '/targets',
    '/status',
    '/config',
    '/flags',
    '/tsdb-status',
    '/service-discovery',
  ]) {
    const page = await fetch(base + path);
    expect(await page.text()).toBe(html);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  }
  const assets = [...html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets).toHaveLength(2);
  for (const path of assets) {
    const asset = await fetch(`${base}/${path}`);
    expect(asset.status).toBe(200);
    expect((await asset.text()).length).toBeGreaterThan(1000);
  }
  expect((await fetch(`${base}/assets/..%2findex.html`)).status).toBe(404);
});
