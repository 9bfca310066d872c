/**
 * What becomes of metrics that come by OTLP: the section `otlp` of prometheus.yml.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#otlp-settings
 */

export type TranslationStrategy =
  | 'UnderscoreEscapingWithSuffixes'
  | 'UnderscoreEscapingWithoutSuffixes'
  | 'NoUTF8EscapingWithSuffixes'
  | 'NoTranslation';

export interface OtlpConfig {
  promoteAllResourceAttributes: boolean;
  promoteResourceAttributes: readonly string[];
  ignoreResourceAttributes: readonly string[];
  translationStrategy: TranslationStrategy;
  keepIdentifyingResourceAttributes: boolean;
  convertHistogramsToNhcb: boolean;
  promoteScopeMetadata: boolean;
  labelNameUnderscoreSanitization: boolean;
  labelNamePreserveMultipleUnderscores: boolean;
}
