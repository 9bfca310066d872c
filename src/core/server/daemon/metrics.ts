/** What the server as a whole says of itself, under the names that dashboards of Prometheus look for. */
import type { Registry } from '../../instrument/index.ts';

export interface ServerState {
  version: string;
  isReady: () => boolean;
}

export function serverMetrics(registry: Registry, { version, isReady }: ServerState): void {
  registry
    .gauge(
      'prometheus_build_info',
      'The version that clients of Prometheus ask for, which is that of tsmon; always 1.',
      'branch',
      'goarch',
      'goos',
      'goversion',
      'revision',
      'tags',
      'version',
    )
    .with('', process.arch, process.platform, `node ${process.version}`, '', '', version)
    .set(1);
  registry.reading('gauge', 'prometheus_ready', 'Whether the server can answer queries.', () =>
    Number(isReady()),
  );
}
