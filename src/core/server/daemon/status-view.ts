/** What the server is and how it fares, as `/api/v1/status/…` shows it. */
import { hostname } from 'node:os';
import { formatBase2 } from '../../model/byte-size.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Database } from '../../tsdb/db/index.ts';
import type { StatusView, TsdbStatus } from '../views.ts';
import type { DaemonSettings } from './settings.ts';
import { spokenVersion } from './spoken-version.ts';

export interface StatusParts {
  settings: DaemonSettings;
  db: Database;
  startedAt: number;
  /** The configuration in effect, secrets hidden. */
  yaml: () => string;
  lastReload: () => { successful: boolean; at: number };
  /** What limits storage now: the configuration may say otherwise than the command line. */
  retention: () => { timeMs: number; sizeBytes: number };
  now: () => number;
}

export function statusView(parts: StatusParts): StatusView {
  const { settings, db } = parts;
  return {
    config: parts.yaml,
    flags: () => settings.flags,
    runtimeInfo: () => runtimeInfo(parts),
    buildInfo: () => ({
      version: spokenVersion(settings.version),
      revision: '',
      branch: '',
      buildUser: '',
      buildDate: '',
      // Clients look here for what the server was built with; it is not Go.
      goVersion: `node ${process.version}`,
    }),
    tsdb: (limit) => tsdbStatus(db, limit),
    blocks: () => db.blockList().map(({ meta }) => meta),
    walReplay: () => {
      const { firstSegment, lastSegment, segment } = db.replayProgress;
      return { min: firstSegment, max: lastSegment, current: segment };
    },
  };
}

function runtimeInfo({ settings, db, startedAt, lastReload, retention, now }: StatusParts) {
  const reload = lastReload();
  const { timeMs, sizeBytes } = retention();
  const limits = [
    ...(timeMs > 0 ? [formatDuration(timeMs)] : []),
    ...(sizeBytes > 0 ? [formatBase2(sizeBytes)] : []),
  ];
  return {
    startTime: new Date(startedAt).toISOString(),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: new Date(now()).toISOString(),
    reloadConfigSuccess: reload.successful,
    lastConfigTime: new Date(reload.at).toISOString(),
    corruptionCount: corruptions(db),
    goroutineCount: 0,
    GOMAXPROCS: 0,
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: limits.join(' or '),
    dataDirectory: settings.dataDir,
  };
}

function corruptions(db: Database): number {
  return db
    .families()
    .filter(({ name }) => name === 'prometheus_tsdb_wal_corruptions_total')
    .reduce((sum, { samples }) => sum + samples.reduce((all, { v }) => all + v, 0), 0);
}

async function tsdbStatus(db: Database, limit: number): Promise<TsdbStatus> {
  const counted = await db.cardinality(limit);
  return {
    headStats: {
      numSeries: counted.series,
      numLabelPairs: counted.labelPairs,
      chunkCount: counted.chunks,
      minTime: counted.minTime,
      maxTime: counted.maxTime,
    },
    seriesCountByMetricName: counted.seriesByMetricName,
    labelValueCountByLabelName: counted.labelValuesByName,
    memoryInBytesByLabelName: counted.bytesByLabelName,
    seriesCountByLabelValuePair: counted.seriesByLabelPair,
  };
}
