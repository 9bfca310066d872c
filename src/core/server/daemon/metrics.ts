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
      "A metric with a constant '1' value labeled by version, revision, branch, goversion from which prometheus was built, and the goos and goarch for the build.",
      'branch',
      'goarch',
      'goos',
      'goversion',
      'revision',
      'tags',
      'version',
    )
    .with('', goName(process.arch), goName(process.platform), `node ${process.version}`, '', '', version)
    .set(1);
  registry.reading(
    'gauge',
    'prometheus_ready',
    'Whether Prometheus startup was fully completed and the server is ready for normal operation.',
    () => Number(isReady()),
  );
}

/** Of processors and systems whose names in Node are others. */
const GO_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', win32: 'windows' };

function goName(name: string): string {
  return GO_NAMES[name] ?? name;
}
