/** What a configuration asks for and this server does not do: said at every load, rather than left out in silence. */
import type { Config } from '../../config/index.ts';

export function unheededSettings(config: Config): string[] {
  const { remoteWrite, remoteRead, tracing, storage } = config;
  const unheeded: string[] = [];
  const say = (asked: boolean, what: string) => {
    if (asked) unheeded.push(`${what} is read and checked, but has no effect in this version`);
  };
  say(remoteWrite.length > 0, 'remote_write');
  say(remoteRead.length > 0, 'remote_read');
  say(tracing.endpoint !== '', 'tracing');
  const { retention, staleSeriesCompactionThreshold = 0, chunkEncoding } = storage.tsdb ?? {};
  say((retention?.percentage ?? 0) > 0, 'storage.tsdb.retention.percentage');
  say(staleSeriesCompactionThreshold > 0, 'storage.tsdb.stale_series_compaction_threshold');
  say(chunkEncoding?.floats === 'xor2', 'storage.tsdb.chunk_encoding.floats: xor2');
  return unheeded;
}
