/** The server over a source and made-up parts, for tests. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/core/clock.ts';
import type { TlsServerConfig } from '../../../src/core/config/web-config.ts';
import { Registry } from '../../../src/core/instrument/index.ts';
import { EMPTY_LABELS } from '../../../src/core/model/labels.ts';
import type { QueryStats } from '../../../src/core/promql/index.ts';
import { DEFAULT_PARSER_OPTIONS } from '../../../src/core/promql/parser/index.ts';
import {
  DEFAULT_SERVER_LIMITS,
  InlineRunner,
  type LogFields,
  Notifications,
  PLAIN_WEB,
  PrometheusServer,
  QueryJournal,
  QueryLog,
  type ServerParts,
  type ServerSettings,
  WebSecurity,
} from '../../../src/core/server/index.ts';
import type { Source } from '../../../src/core/source/source.ts';

/** Of a runner that reads nothing. */
export const NO_STATS: QueryStats = { samplesRead: 0, peakSamples: 0, prepareMs: 0, sortMs: 0 };

const given = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'testdata', 'tls');

/** With the certificate of the test data, which every client has to take on trust. */
export const TLS: TlsServerConfig = {
  cert: '',
  certFile: join(given, 'cert.pem'),
  key: '',
  keyFile: join(given, 'key.pem'),
  clientCa: '',
  clientCaFile: '',
  clientAuthType: 'NoClientCert',
  clientAllowedSans: [],
  cipherSuites: [],
  preferServerCipherSuites: true,
  curvePreferences: [],
  minVersion: 'TLS12',
  maxVersion: 'TLS13',
};

export interface LogLine extends LogFields {
  level: string;
  message: string;
}

export interface TestServer {
  url: string;
  port: number;
  registry: Registry;
  log: LogLine[];
  notifications: Notifications;
  close: () => Promise<void>;
}

/** A source that stays open, whoever closes it. */
export function kept(source: Source): () => Source {
  const open = Object.create(source) as Source;
  open.close = async () => {};
  return () => open;
}

export async function startTestServer(
  source: () => Source,
  parts: Partial<ServerParts> = {},
  settings: Partial<ServerSettings> = {},
): Promise<TestServer> {
  const clock = settings.clock ?? systemClock;
  const registry = new Registry();
  const notifications = new Notifications(clock, 2);
  const log: LogLine[] = [];
  const writes = (level: string) => (message: string, fields?: LogFields) => {
    log.push({ level, message, ...fields });
  };
  const logger = {
    debug: writes('debug'),
    info: writes('info'),
    warn: writes('warn'),
    error: writes('error'),
  };
  const parser = settings.parser ?? DEFAULT_PARSER_OPTIONS;
  const server = new PrometheusServer(
    {
      source,
      appender: undefined,
      runner: new InlineRunner({ source, engine: { parser }, clock }),
      journal: new QueryJournal(registry, clock, new QueryLog()),
      targets: {
        pools: () => [],
        active: () => [],
        dropped: () => [],
        droppedCounts: () => new Map(),
        relabelRules: () => undefined,
      },
      rules: { groups: () => [] },
      alertmanagers: { active: () => [], dropped: () => [] },
      status: {
        config: () => 'global: {}\n',
        flags: () => ({ 'web.listen-address': ':9090' }),
        runtimeInfo: () => ({ startTime: '2026-01-01T00:00:00Z' }),
        buildInfo: () => ({
          version: '0.0.0',
          revision: '',
          branch: '',
          buildUser: '',
          buildDate: '',
          goVersion: '',
        }),
        tsdb: () => ({
          headStats: { numSeries: 0, numLabelPairs: 0, chunkCount: 0, minTime: 0, maxTime: 0 },
          seriesCountByMetricName: [],
          labelValueCountByLabelName: [],
          memoryInBytesByLabelName: [],
          seriesCountByLabelValuePair: [],
        }),
        blocks: () => [],
        walReplay: () => ({ min: 0, max: 0, current: 0 }),
      },
      notifications,
      lifecycle: { reload: async () => {}, quit: () => {} },
      admin: undefined,
      externalLabels: () => EMPTY_LABELS,
      state: () => 'ready',
      ...parts,
    },
    {
      ...DEFAULT_SERVER_LIMITS,
      clock,
      registry,
      logger,
      security: new WebSecurity({ file: '', load: () => PLAIN_WEB, logger }),
      parser,
      ...settings,
    },
  );
  const { port } = await server.listen(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    registry,
    log,
    notifications,
    close: () => server.close(100),
  };
}
