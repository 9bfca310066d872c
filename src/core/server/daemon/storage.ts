/** The data directory of the server, opened as the command line and the configuration say. */
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { Database, type DatabaseLimits, type TaskRunner } from '../../tsdb/db/index.ts';
import type { Logger } from '../logger.ts';
import type { DaemonSettings } from './settings.ts';

export interface StorageParts {
  clock: Clock;
  logger: Logger;
  tasks: TaskRunner;
}

/** Prometheus' default, where neither time nor size is limited. */
const DEFAULT_RETENTION_MS = 15 * 24 * 3600 * 1000;
const DEFAULT_MAX_EXEMPLARS = 100_000;

/** What limits storage: the configuration goes before the command line; 0 for no limit. */
export function retentionOf(
  settings: DaemonSettings,
  { storage }: Config,
): { timeMs: number; sizeBytes: number } {
  const given = storage.tsdb?.retention;
  const timeMs = given?.timeMs || settings.retentionMs;
  const sizeBytes = given?.sizeBytes || settings.retentionBytes;
  return timeMs === 0 && sizeBytes === 0
    ? { timeMs: DEFAULT_RETENTION_MS, sizeBytes }
    : { timeMs, sizeBytes };
}

/** What a reload may change. */
export function limitsOf(settings: DaemonSettings, config: Config): DatabaseLimits {
  const { timeMs, sizeBytes } = retentionOf(settings, config);
  const { tsdb, exemplars } = config.storage;
  return {
    retentionMs: timeMs,
    retentionBytes: sizeBytes,
    outOfOrderWindow: Math.max(0, tsdb?.outOfOrderTimeWindowMs ?? 0),
    // None where it is 0 or less.
    maxExemplars: Math.max(0, exemplars?.maxExemplars ?? DEFAULT_MAX_EXEMPLARS),
  };
}

/** Throws InputError `locked` where somebody else writes to the directory. */
export function openDatabase(settings: DaemonSettings, config: Config, parts: StorageParts): Database {
  const { clock, logger, tasks } = parts;
  return Database.begin(settings.dataDir, {
    clock,
    tasks,
    ...limitsOf(settings, config),
    compression: settings.walCompression ? 'snappy' : 'none',
    ...(settings.walSegmentBytes !== undefined && { segmentBytes: settings.walSegmentBytes }),
    ...(settings.minBlockRangeMs !== undefined && { minBlockRange: settings.minBlockRangeMs }),
    ...(settings.maxBlockRangeMs !== undefined && { maxBlockRange: settings.maxBlockRangeMs }),
    onNotice: (notice) => logger.warn(notice, { component: 'tsdb' }),
  });
}
