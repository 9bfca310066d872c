/** What a reload exchanges: prometheus.yml and the rule files that it names, read and checked as one. */
import { readFileSync } from 'node:fs';
import { type Config, filesMatching, type LoadOptions, loadConfig, toYaml } from '../../config/index.ts';
import type { InputError } from '../../errors.ts';
import type { Labels } from '../../model/labels.ts';
import { labelsFromObject } from '../../model/labels.ts';
import type { ParserOptions } from '../../promql/parser/index.ts';
import { parseRuleFile, type RuleFile } from '../../rules/index.ts';

export interface Configuration {
  config: Config;
  ruleFiles: readonly RuleFile[];
  externalLabels: Labels;
  /** As the API shows it: defaults filled in, secrets hidden. */
  yaml: string;
  warnings: readonly InputError[];
}

/** Throws InputError for what is wrong with the file or one that it names, or what reading them throws. */
export function readConfiguration(path: string, parser: ParserOptions, options: LoadOptions): Configuration {
  const { config, warnings } = loadConfig(path, options);
  const ruleFiles = config.ruleFiles
    .flatMap(filesMatching)
    .map((file) => parseRuleFile(readFileSync(file, 'utf8'), file, { parser }));
  for (const { errors } of ruleFiles) if (errors.length > 0) throw errors[0];
  return {
    config,
    ruleFiles,
    externalLabels: labelsFromObject(config.global.externalLabels),
    yaml: toYaml(config),
    warnings,
  };
}
