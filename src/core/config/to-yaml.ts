/**
 * The effective configuration as Prometheus shows it at /api/v1/status/config: defaults filled in, secrets hidden, in
 * its order of keys. Jobs from `scrape_config_files` are not part of it there.
 */
import type { Config } from './config.ts';
import type { PrintableMap } from './printable.ts';
import { root } from './sections/root.ts';
import { type YamlLine, yamlDocument, yamlLines } from './yaml-writer.ts';

export interface ToYamlOptions {
  /** Also the jobs of other files. */
  included?: boolean | undefined;
}

export function toYaml(config: Config, options: ToYamlOptions = {}): string {
  return yamlDocument(printed(config, options));
}

/** Line by line, each with the key path of what it says. */
export function toYamlLines(config: Config, options: ToYamlOptions = {}): YamlLine[] {
  return yamlLines(printed(config, options));
}

function printed(config: Config, { included = false }: ToYamlOptions): PrintableMap {
  const own = config.scrapeConfigs.length - config.includedJobs;
  const shown = included ? config : { ...config, scrapeConfigs: config.scrapeConfigs.slice(0, own) };
  return root.print(shown) as PrintableMap;
}
