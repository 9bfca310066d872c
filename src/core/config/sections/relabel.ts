/** Relabelling rules. */
import { isSeq, type Node } from 'yaml';
import { InputError } from '../../errors.ts';
import { parseRelabelRule, type RelabelRule } from '../../relabel/index.ts';
import { DEFAULT_REGEX } from '../../relabel/rule.ts';
import type { Printable } from '../printable.ts';
import type { Reader } from '../reader.ts';
import { list, text, unsigned } from '../schema/index.ts';
import type { Type } from '../schema/type.ts';

const KEYS = ['source_labels', 'separator', 'regex', 'modulus', 'target_label', 'replacement', 'action'];

const rule: Type<RelabelRule> = {
  goName: 'relabel.Config',
  zero: () => parseRelabelRule({ target_label: 'zero' }),
  isZero: () => false,
  read(reader, node, path) {
    const before = reader.faultCount;
    const record = reader.document.record(node, 'relabel.plain', KEYS);
    reader.claim(path, before);
    if (record === undefined) return this.zero();
    reader.found(path, node);
    const fields: Record<string, unknown> = {};
    for (const key of KEYS) {
      if (record.has(key))
        fields[key] = fieldValue(reader, reader.document.resolve(record.get(key)), path, key);
    }
    if (reader.faultCount > before) return this.zero();
    try {
      return parseRelabelRule(fields, reader.nameScheme);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const about = KEYS.find((key) => error.reason.includes(`'${key}'`) && record.has(key));
      const key = about ?? (/error parsing regexp/.test(error.reason) ? 'regex' : undefined);
      reader.faultAt(key === undefined ? path : `${path}.${key}`, error.reason);
      return this.zero();
    }
  },
  print: (value) => ({ entries: entries(value) }),
};

/** Rules in their order. `onNull` is the fault of an empty one. */
export function relabelRules(onNull: string): Type<readonly RelabelRule[]> {
  return list(rule, { onNull });
}

function fieldValue(reader: Reader, node: Node | null, path: string, key: string): unknown {
  const at = `${path}.${key}`;
  if (node !== null) reader.found(at, node);
  if (node === null || reader.document.isNull(node)) return null;
  if (key === 'modulus') return unsigned.read(reader, node, at);
  if (key !== 'source_labels') return text.read(reader, node, at);
  if (isSeq(node)) {
    // A name that is null is the empty one, as upstream has it; one that is empty is refused.
    const names = list(text).read(reader, node, at);
    return names.map((name, i) => (reader.document.isNull(node.items[i] as Node) ? null : name));
  }
  return text.read(reader, node, at);
}

function entries(value: RelabelRule): [string, Printable][] {
  const out: [string, Printable][] = [];
  const { sourceLabels, separator, regex, modulus, targetLabel, replacement, action } = value;
  if (sourceLabels.length > 0) out.push(['source_labels', { items: sourceLabels, flow: true }]);
  out.push(['separator', separator]);
  if (regex.pattern !== DEFAULT_REGEX) out.push(['regex', regex.pattern === '' ? null : regex.pattern]);
  if (modulus !== 0) out.push(['modulus', modulus]);
  if (targetLabel !== '') out.push(['target_label', targetLabel]);
  out.push(['replacement', replacement]);
  out.push(['action', action]);
  return out;
}
