/** `storage`, `tracing` and `otlp`. */
import { goQuote } from '../../model/quote.ts';
import type { OtlpConfig } from '../../otlp/otlp-config.ts';
import type { RetentionConfig, StorageConfig, TracingConfig, TsdbConfig } from '../config.ts';
import {
  boolean,
  type Checked,
  checkedText,
  duration,
  field,
  float,
  integer,
  integer64,
  list,
  mapOf,
  oneOf,
  optional,
  optionalField,
  Struct,
  size,
  text,
} from '../schema/index.ts';
import { tlsConfig } from './http.ts';
import { checkHeaders } from './remote.ts';

const retention = new Struct<RetentionConfig>(
  'config.plain',
  [optionalField('time', duration), optionalField('size', size), optionalField('percentage', float)],
  {
    check({ sizeBytes, percentage }, at) {
      if (sizeBytes < 0) at.fault('retention size must be greater than or equal to 0', 'size');
      if (!(percentage >= 0 && percentage <= 100))
        at.fault(`retention percentage must be between 0 and 100, got ${percentage}`, 'percentage');
    },
  },
);

const chunkEncoding = new Struct('config.ChunkEncodingConfig', [
  optionalField(
    'floats',
    oneOf(['', 'xor', 'xor2'], (name) => `unknown chunk encoding ${goQuote(name)}, supported: [xor xor2]`),
  ),
]);

const tsdb = new Struct<TsdbConfig & { outofordertimewindow?: number }>(
  'config.plain',
  [
    // Upstream's field for the parsed value has no name of its own, and so is a key.
    field('outofordertimewindow', integer),
    optionalField('out_of_order_time_window', duration),
    optionalField('stale_series_compaction_threshold', float),
    optionalField('retention', optional(retention)),
    optionalField('chunk_encoding', optional(chunkEncoding)),
  ],
  {
    check(config) {
      config.outofordertimewindow = config.outOfOrderTimeWindowMs;
    },
  },
);

const exemplars = new Struct('config.ExemplarsConfig', [optionalField('max_exemplars', integer64)]);

export const storage = new Struct<StorageConfig>('config.StorageConfig', [
  optionalField('tsdb', optional(tsdb)),
  optionalField('exemplars', optional(exemplars)),
]);

export const tracing = new Struct<TracingConfig>(
  'config.plain',
  [
    optionalField(
      'client_type',
      oneOf(
        ['http', 'grpc'],
        (type) => `expected tracing client type to be to be http or grpc, but got ${type}`,
      ),
      'grpc',
    ),
    optionalField('endpoint', text),
    optionalField('sampling_fraction', float),
    optionalField('insecure', boolean),
    optionalField('tls_config', tlsConfig),
    optionalField('headers', mapOf(text)),
    optionalField('compression', text),
    optionalField('timeout', duration),
  ],
  {
    check(config, at) {
      checkHeaders(config.headers, at, 'custom authorization header configuration is not yet supported');
      if (config.endpoint === '') at.fault('tracing endpoint must be set');
      if (!['', 'gzip'].includes(config.compression))
        at.fault(
          `invalid compression type ${config.compression} provided, valid options: gzip`,
          'compression',
        );
    },
  },
);

const STRATEGIES = [
  '',
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
];

export const otlp = new Struct<OtlpConfig>(
  'config.plain',
  [
    optionalField('promote_all_resource_attributes', boolean),
    optionalField('promote_resource_attributes', list(text)),
    optionalField('ignore_resource_attributes', list(text)),
    optionalField(
      'translation_strategy',
      checkedText((strategy) =>
        STRATEGIES.includes(strategy)
          ? undefined
          : `unsupported OTLP translation strategy ${goQuote(strategy)}`,
      ),
      'UnderscoreEscapingWithSuffixes',
    ),
    optionalField('keep_identifying_resource_attributes', boolean),
    optionalField('convert_histograms_to_nhcb', boolean),
    optionalField('promote_scope_metadata', boolean),
    optionalField('label_name_underscore_sanitization', boolean, true),
    optionalField('label_name_preserve_multiple_underscores', boolean, true),
  ],
  { check: checkOtlp },
);

function checkOtlp(config: OtlpConfig, at: Checked): void {
  if (!config.promoteAllResourceAttributes) {
    if (config.ignoreResourceAttributes.length > 0)
      at.fault(
        "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
        'ignore_resource_attributes',
      );
    config.promoteResourceAttributes = trimmed(config.promoteResourceAttributes, 'promote', 'promoted', at);
    return;
  }
  if (config.promoteResourceAttributes.length > 0)
    at.fault(
      "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
      'promote_resource_attributes',
    );
  config.ignoreResourceAttributes = trimmed(config.ignoreResourceAttributes, 'ignore', 'ignored', at);
}

function trimmed(names: readonly string[], verb: string, adjective: string, at: Checked): string[] {
  const key = `${verb}_resource_attributes`;
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    const attribute = name.trim();
    if (attribute === '')
      at.fault(`invalid '${key}': empty ${adjective} OTel resource attribute`, `${key}[${i}]`);
    else if (seen.has(attribute))
      at.fault(
        `invalid '${key}': duplicated ${adjective} OTel resource attribute ${goQuote(attribute)}`,
        `${key}[${i}]`,
      );
    seen.add(attribute);
  }
  return [...seen];
}
