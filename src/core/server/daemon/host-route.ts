/**
 * `/host/metrics`: this machine, under node_exporter's names. Only a server without a configuration of its own has it,
 * so that there is something to scrape.
 */
import { HostCollector } from '../../collector/index.ts';
import { replyFamilies } from '../families-reply.ts';
import type { Router } from '../http/router.ts';
import type { Logger } from '../logger.ts';

export function addHostRoute(router: Router, logger: Logger): void {
  const collector = new HostCollector({
    onFailure: ({ collector, reason }) => logger.debug('a collector failed', { collector, err: reason }),
  });
  router.add('GET', '/host/metrics', (request, reply) => replyFamilies(request, reply, collector.collect()), {
    always: true,
  });
}
