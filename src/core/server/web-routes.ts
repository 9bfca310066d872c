/**
 * The page for browsers: one HTML file for all its paths, and its script and styles, read when somebody first asks for
 * them. The page asks the same API as everybody.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { htmlEscaped } from './http/path.ts';
import type { Reply } from './http/reply.ts';
import type { Router } from './http/router.ts';

/** Where Prometheus' page has its parts; links from alerts lead to `/graph`. */
const PATHS = [
  '/',
  '/query',
  '/graph',
  '/alerts',
  '/rules',
  '/targets',
  '/service-discovery',
  '/status',
  '/tsdb-status',
  '/alertmanager-discovery',
  '/config',
  '/flags',
];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Nothing from elsewhere is loaded, whatever a label or an annotation says. */
const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'";

export interface WebPage {
  /** What the build made of src/web. */
  webDir: string;
  /** '' or '/prometheus'. */
  routePrefix: string;
  pageTitle: string;
}

export function addWebRoutes(router: Router, { webDir: dir, routePrefix, pageTitle }: WebPage): void {
  const page = Buffer.from(
    readFileSync(join(dir, 'index.html'), 'utf8')
      .replace('%BASE%', () => htmlEscaped(`${routePrefix}/`))
      .replace('%TITLE%', () => htmlEscaped(pageTitle)),
  );
  const send = (reply: Reply, type: string, body: Uint8Array) => {
    reply.header('X-Content-Type-Options', 'nosniff');
    reply.header('Content-Security-Policy', POLICY);
    // A new version has the same names.
    reply.header('Cache-Control', 'no-cache');
    reply.whole(200, type, body);
  };
  for (const path of PATHS) {
    router.add('GET', path, (_, reply) => send(reply, 'text/html; charset=utf-8', page), { always: true });
  }
  for (const name of readdirSync(join(dir, 'assets'))) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    let body: Uint8Array | undefined;
    const read = () => {
      body ??= readFileSync(join(dir, 'assets', name));
      return body;
    };
    router.add('GET', `/assets/${name}`, (_, reply) => send(reply, type, read()), { always: true });
  }
}
