/** The file as a whole. */
import type { Config } from '../config.ts';
import type { Reader } from '../reader.ts';
import { field, glob, list, optionalField, Struct } from '../schema/index.ts';
import { alerting } from './alerting.ts';
import { global, runtime } from './global.ts';
import { remoteRead, remoteWrite } from './remote.ts';
import { scrapeConfig } from './scrape.ts';
import { otlp, storage, tracing } from './storage.ts';

export const scrapeConfigs = list(scrapeConfig, { onNull: 'empty or null scrape config section' });

export const root = new Struct<Config>(
  'config.plain',
  [
    field('global', global),
    optionalField('runtime', runtime),
    optionalField('alerting', alerting),
    optionalField('rule_files', list(glob('rule file'))),
    optionalField('scrape_config_files', list(glob('scrape config file'))),
    optionalField('scrape_configs', scrapeConfigs),
    optionalField('storage', storage),
    optionalField('tracing', tracing),
    optionalField('remote_write', list(remoteWrite, { onNull: 'empty or null remote write config section' })),
    optionalField('remote_read', list(remoteRead, { onNull: 'empty or null remote read config section' })),
    optionalField('otlp', otlp, otlp.initial()),
  ],
  { around: globalNameScheme },
);

/** A file of `scrape_config_files`. */
export const included = new Struct<Pick<Config, 'scrapeConfigs'>>('config.ScrapeConfigs', [
  optionalField('scrape_configs', scrapeConfigs),
]);

/** Wherever in the file it says so, `global` rules which names relabelling may produce. */
function globalNameScheme(
  reader: Reader,
  get: (key: string) => Parameters<Reader['found']>[1] | null,
): () => void {
  const section = reader.document.resolve(get('global'));
  const pairs = section === null || reader.document.isNull(section) ? [] : nested(reader, section);
  const scheme = pairs.find(({ key }) => key === 'metric_name_validation_scheme');
  if (scheme !== undefined && reader.document.text(scheme.value) === 'legacy') reader.nameScheme = 'legacy';
  return () => {};
}

function nested(reader: Reader, section: Parameters<Reader['found']>[1]) {
  const before = reader.faultCount;
  const pairs = reader.document.pairs(section, 'config.plain') ?? [];
  // Reading the section itself tells what is wrong with it.
  reader.document.faults.length = before;
  return pairs;
}
