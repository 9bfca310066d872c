/** What the commands that evaluate rules share: their flags, the rule files, the sources, what failed. */
import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import { type Labels, labelsFromPairs } from '../core/model/labels.ts';
import {
  type DuplicateRule,
  duplicateRules,
  groupPhaseMs,
  type HistoryFailure,
  type HistoryOptions,
  parseRuleFile,
  type RuleFile,
} from '../core/rules/index.ts';
import { type EngineFlags, engineOptions } from './engine-options.ts';
import { fromFlag } from './flags.ts';
import { httpFlags } from './http-flags.ts';
import { inputName } from './input.ts';
import { plural } from './plural.ts';
import { engineFlags } from './query-flags.ts';
import { isServer } from './sources.ts';

const RULES = 'RULES';

export const ruleEvalFlags = {
  from: fromFlag,
  'query-offset': Flags.string({
    description: 'query_offset of groups that name none (default: 0s)',
    helpValue: 'DURATION',
    helpGroup: RULES,
  }),
  'prometheus-times': Flags.boolean({
    description:
      'Evaluate each group at the offset in its interval that Prometheus gives it, which comes from its name and the path of its file: name files as in rule_files',
    helpGroup: RULES,
  }),
  'external-label': Flags.string({
    description: 'An external label, for templates; repeat for several',
    helpValue: 'NAME=VALUE',
    helpGroup: RULES,
    multiple: true,
    multipleNonGreedy: true,
  }),
  'external-url': Flags.string({
    description: 'The external URL, for templates',
    helpValue: 'URL',
    helpGroup: RULES,
    default: '',
  }),
  'ignore-unknown-fields': Flags.boolean({
    description: 'Accept fields of rules that Prometheus does not know',
    helpGroup: RULES,
  }),
  ...engineFlags,
  ...httpFlags,
};

/** --interval, by the name that a command gives it. */
export const intervalFlag = Flags.string({
  description: 'The interval of groups that name none',
  helpValue: 'DURATION',
  helpGroup: RULES,
  default: '1m',
});

export interface RuleEvalFlags extends EngineFlags {
  'query-offset'?: string | undefined;
  'prometheus-times': boolean;
  'external-label'?: string[] | undefined;
  'external-url': string;
  'ignore-unknown-fields': boolean;
}

/** `from` is what is read. */
export function historyOptions(
  flags: RuleEvalFlags,
  interval: string,
  from: readonly string[],
): HistoryOptions {
  return {
    engine: engineOptions(flags),
    externalLabels: externalLabels(flags['external-label'] ?? []),
    externalUrl: flags['external-url'],
    prefetch: !from.some(isServer),
    intervalMs: positive(interval, 'the interval'),
    queryOffsetMs: flags['query-offset'] === undefined ? 0 : parseDuration(flags['query-offset']),
    ...(flags['prometheus-times'] && {
      phaseMs: ({ file, group }, intervalMs) => groupPhaseMs(file, group.name, intervalMs),
    }),
  };
}

/**
 * Reads the files, - being standard input. Of a file with faults what can be understood is kept; `onFault` is told of
 * each, `onNotice` of what is no fault and may surprise.
 */
export function readRules(
  paths: readonly string[],
  flags: RuleEvalFlags,
  onFault: (fault: InputError) => void,
  onNotice: (line: string) => void,
): RuleFile[] {
  const options = {
    parser: engineOptions(flags).parser ?? {},
    ignoreUnknownFields: flags['ignore-unknown-fields'],
  };
  const files = (paths.length === 0 ? ['-'] : paths).map((path) =>
    parseRuleFile(readFileSync(path === '-' ? 0 : path, 'utf8'), inputName(path), options),
  );
  for (const { errors } of files) for (const error of errors) onFault(error);
  for (const file of files)
    for (const one of duplicateRules(file)) {
      if (one.rules.every(({ kind }) => kind === 'record')) onNotice(duplicateLine(file, one));
    }
  if (files.every(({ groups }) => groups.length === 0)) {
    throw new InputError('no_rules', 'there is no rule that could be evaluated', { file: files[0].file });
  }
  return files;
}

function duplicateLine({ file }: RuleFile, { name, rules: [first, ...others] }: DuplicateRule): string {
  const lines = others.map(({ place }) => place.line).join(', ');
  return `${file}:${first.place.line}: ${name} is there again with the same labels (line ${lines}): rules that write the same series hide each other; give one another name, or a label`;
}

/** A line about a rule that could not be evaluated at some times. */
export function failureLine({ rule, reason, count, firstT, lastT }: HistoryFailure): string {
  const { config, file } = rule;
  const when =
    count === 1
      ? `at ${iso(firstT)}`
      : `at ${plural(count, 'time')} from ${iso(firstT)} to ${iso(lastT)}, the first`;
  const hint = reason.includes('too many samples') ? ' (--max-samples sets how many it may be)' : '';
  return `${file}:${config.place.line}: ${config.name} of group ${rule.group.name} failed ${when}: ${reason}${hint}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function positive(text: string, what: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InputError('bad_duration', `${what} must be more than 0`);
  return ms;
}

function externalLabels(texts: readonly string[]): Labels {
  return labelsFromPairs(
    texts.map((text): [string, string] => {
      const at = text.indexOf('=');
      if (at < 1)
        throw new InputError('bad_label', `--external-label takes NAME=VALUE, not ${JSON.stringify(text)}`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
