/**
 * Names of labels from those of attributes. Where names are escaped, what a label cannot have is an underscore each,
 * and a name that would begin as those of labels do not begin gets `key` before it. See
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-attributes
 */
import { escapes } from './metric-name.ts';
import type { OtlpConfig } from './otlp-config.ts';

/** Names come again with every point. Who sends ever new ones does not fill the memory. */
const MAX_KNOWN = 10_000;

export class LabelNames {
  private readonly escape: boolean;
  private readonly keyBeforeUnderscore: boolean;
  private readonly keepUnderscores: boolean;
  private readonly known = new Map<string, string>();

  constructor(config: OtlpConfig) {
    this.escape = escapes(config.translationStrategy);
    this.keyBeforeUnderscore = config.labelNameUnderscoreSanitization;
    this.keepUnderscores = config.labelNamePreserveMultipleUnderscores;
  }

  of(key: string): string {
    if (!this.escape) return key;
    let name = this.known.get(key);
    if (name === undefined) {
      name = this.escaped(key);
      if (this.known.size >= MAX_KNOWN) this.known.clear();
      this.known.set(key, name);
    }
    return name;
  }

  private escaped(key: string): string {
    let name = key.replace(/[^a-zA-Z\d_]/gu, '_');
    // Names that Prometheus keeps for itself stay what they are.
    const reserved = /^__.*__$/.test(name);
    if (!this.keepUnderscores && !reserved) name = name.replace(/__+/g, '_');
    if (/^\d/.test(name)) return `key_${name}`;
    return this.keyBeforeUnderscore && /^_(?!_)/.test(name) ? `key${name}` : name;
  }
}
