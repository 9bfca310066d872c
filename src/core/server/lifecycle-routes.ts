/** `/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit`, `/version` and `/metrics`: for those who run the server. */
import type { Registry } from '../instrument/index.ts';
import { replyFamilies } from './families-reply.ts';
import type { Handler, Router } from './http/router.ts';
import type { BuildInfo, LifecycleView } from './views.ts';

const ALWAYS = { always: true };
const CHANGES = ['POST', 'PUT'];

export interface LifecycleRouteOptions {
  lifecycle: LifecycleView;
  /** `--web.enable-lifecycle`. */
  enabled: boolean;
  registry: Registry;
  buildInfo: () => BuildInfo;
}

export function addLifecycleRoutes(router: Router, options: LifecycleRouteOptions): void {
  const { lifecycle, enabled, registry, buildInfo } = options;
  router.add('GET', '/-/healthy', (_, reply) => reply.text(200, 'Prometheus Server is Healthy.\n'), ALWAYS);
  router.add('HEAD', '/-/healthy', (_, reply) => reply.empty(200), ALWAYS);
  router.add('GET', '/-/ready', (_, reply) => reply.text(200, 'Prometheus Server is Ready.\n'));
  router.add('HEAD', '/-/ready', (_, reply) => reply.empty(200));
  const guarded =
    (handler: Handler): Handler =>
    (request, reply) =>
      enabled ? handler(request, reply) : reply.text(403, 'Lifecycle API is not enabled.');
  const change = (path: string, handler: Handler) => {
    router.add(CHANGES, path, guarded(handler), ALWAYS);
    router.add('GET', path, (_, reply) => reply.text(405, 'Only POST or PUT requests allowed'), ALWAYS);
  };
  change('/-/reload', async (_, reply) => {
    try {
      await lifecycle.reload();
    } catch (error) {
      reply.fault(500, `failed to reload config: ${(error as Error).message}`);
      return;
    }
    reply.empty(200);
  });
  change('/-/quit', (_, reply) => {
    reply.text(200, 'Requesting termination... Goodbye!');
    lifecycle.quit();
  });
  const scrapes = registry.counter(
    'promhttp_metric_handler_requests_total',
    'Total number of scrapes by HTTP status code.',
    'code',
  );
  for (const code of ['200', '500', '503']) scrapes.with(code);
  const inFlight = registry.gauge(
    'promhttp_metric_handler_requests_in_flight',
    'Current number of scrapes being served.',
  );
  router.add('GET', '/version', (_, reply) => reply.text(200, `${JSON.stringify(buildInfo())}\n`));
  router.add(
    'GET',
    '/metrics',
    async (request, reply) => {
      inFlight.add(1);
      try {
        await replyFamilies(request, reply, registry.collect());
        scrapes.with('200').inc();
      } finally {
        inFlight.add(-1);
      }
    },
    ALWAYS,
  );
}
