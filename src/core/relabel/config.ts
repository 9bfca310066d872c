/** Relabel rules from configuration, checked as Prometheus checks them and refused in its words. */
import { InputError } from '../errors.ts';
import {
  goQuote,
  isLegacyLabelName,
  isValidLabelName,
  isValidUtf8,
  type ValidationScheme,
} from '../model/index.ts';
import { compileRegex, Regex, Search } from '../regex/index.ts';
import {
  DEFAULT_REGEX,
  DEFAULT_REPLACEMENT,
  DEFAULT_SEPARATOR,
  RELABEL_ACTIONS,
  type RelabelAction,
  type RelabelRule,
} from './rule.ts';

const FIELDS = ['source_labels', 'separator', 'regex', 'modulus', 'target_label', 'replacement', 'action'];

/**
 * A list of rules from what a YAML parser made of it. Throws InputError (`bad_relabel_config`) for the first fault;
 * its place is for the caller to add.
 */
export function parseRelabelRules(config: unknown, scheme: ValidationScheme = 'utf8'): RelabelRule[] {
  if (config === undefined || config === null) return [];
  if (!Array.isArray(config)) throw mistyped(config, '[]*relabel.Config');
  return config.map((rule) => parseRelabelRule(rule, scheme));
}

/** One rule; see `parseRelabelRules`. */
export function parseRelabelRule(config: unknown, scheme: ValidationScheme = 'utf8'): RelabelRule {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw mistyped(config, 'relabel.plain');
  }
  const fields = config as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (!FIELDS.includes(name)) throw fault(`field ${name} not found in type relabel.plain`);
  }
  const rule: RelabelRule = {
    action: parseAction(fields['action']),
    sourceLabels: parseNames(fields['source_labels']),
    separator: parseString(fields['separator'], DEFAULT_SEPARATOR),
    regex: parseRegex(parseString(fields['regex'], DEFAULT_REGEX)),
    modulus: parseModulus(fields['modulus']),
    targetLabel: parseString(fields['target_label'], ''),
    replacement: parseString(fields['replacement'], DEFAULT_REPLACEMENT),
    nameScheme: scheme,
  };
  validate(rule, fields);
  return rule;
}

function validate(rule: RelabelRule, fields: Record<string, unknown>): void {
  const { action, targetLabel, replacement } = rule;
  const one = (...actions: RelabelAction[]) => actions.includes(action);
  if (action === 'hashmod' && rule.modulus === 0) {
    throw fault('relabel configuration for hashmod requires non-zero modulus');
  }
  if (one('replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal')) {
    if (targetLabel === '')
      throw fault(`relabel configuration for ${action} action requires 'target_label' value`);
    const valid = action === 'replace' ? isNameTemplate : isValidLabelName;
    if (!valid(targetLabel, rule.nameScheme)) {
      throw fault(`${goQuote(targetLabel)} is invalid 'target_label' for ${action} action`);
    }
  }
  if (one('lowercase', 'uppercase', 'keepequal', 'dropequal') && replacement !== DEFAULT_REPLACEMENT) {
    throw fault(`'replacement' can not be set for ${action} action`);
  }
  if (action === 'labelmap' && !isNameTemplate(replacement, rule.nameScheme)) {
    throw fault(`${goQuote(replacement)} is invalid 'replacement' for labelmap action`);
  }
  const others = rule.modulus !== 0 || rule.separator !== DEFAULT_SEPARATOR;
  if (one('keepequal', 'dropequal') && (others || fields['regex'] !== undefined)) {
    throw fault(`${action} action requires only 'source_labels' and \`target_label\`, and no other fields`);
  }
  const hasSource = fields['source_labels'] !== undefined && fields['source_labels'] !== null;
  const extra = others || hasSource || targetLabel !== '' || replacement !== DEFAULT_REPLACEMENT;
  if (one('labeldrop', 'labelkeep') && extra) {
    throw fault(`${action} action requires only 'regex', and no other fields`);
  }
}

/** Whether `template` can give a label name: `${1}_total`. With UTF-8 names nothing is out of the question. */
function isNameTemplate(template: string, scheme: ValidationScheme): boolean {
  if (scheme === 'utf8') return isValidLabelName(template);
  return isLegacyLabelName(template) || /^(?:[a-zA-Z_]|\$\{\w+\}|\$\w)(?:\w|\$\{\w+\}|\$\w)*$/.test(template);
}

function parseAction(value: unknown): RelabelAction {
  if (value === null) throw fault('relabel action cannot be empty');
  const text = parseString(value, 'replace');
  const action = RELABEL_ACTIONS.find((known) => known === text.toLowerCase());
  if (action === undefined) throw fault(`unknown relabel action ${goQuote(text)}`);
  return action;
}

function parseNames(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw mistyped(value, 'model.LabelNames');
  return value.map((entry) => {
    const name = parseString(entry, '');
    if (entry !== null && (name === '' || !isValidUtf8(name))) {
      throw fault(`${goQuote(name)} is not a valid label name`);
    }
    return name;
  });
}

/** Numbers and booleans are taken by their text, and null for the empty string, as Go's YAML does it. */
function parseString(value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (value === null) return '';
  if (typeof value === 'object') throw mistyped(value, 'string');
  return String(value);
}

function parseModulus(value: unknown): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 0 && number <= 2 ** 64)) throw mistyped(value, 'uint64');
  return Math.trunc(number);
}

function parseRegex(pattern: string): Regex {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Upstream reads the pattern with its anchors around it, and says so. That also lets `a)(b` pass.
    const anchored = `^(?s:${pattern})$`;
    new Search(anchored);
    return new Regex(anchored);
  }
}

function mistyped(value: unknown, type: string): InputError {
  return fault(`cannot unmarshal ${describe(value)} into ${type}`);
}

function describe(value: unknown): string {
  if (value === null) return '!!null';
  if (Array.isArray(value)) return '!!seq';
  if (typeof value === 'object') return '!!map';
  const text = String(value);
  const shown = text.length > 10 ? `${text.slice(0, 7)}...` : text;
  const tag = { string: 'str', boolean: 'bool', bigint: 'int' }[typeof value as string];
  return `!!${tag ?? (Number.isInteger(value) ? 'int' : 'float')} \`${shown}\``;
}

function fault(reason: string): InputError {
  return new InputError('bad_relabel_config', reason);
}
