/**
 * The canonical form of a rule file: fields in the order in which people read them, two spaces of indentation,
 * expressions laid out as Prometheus prints them. Comments, anchors, quotes and blank lines stay. What is written means
 * what was read; formatting twice changes nothing more.
 */
import { type Document, isMap, isScalar, isSeq, Scalar, type YAMLMap } from 'yaml';
import { InputError } from '../errors.ts';
import {
  type Expr,
  exprToJson,
  type ParserOptions,
  parseQuery,
  prettyPrint,
} from '../promql/parser/index.ts';
import { parseDocument } from '../yaml/index.ts';

const GROUP_ORDER = ['name', 'interval', 'query_offset', 'limit', 'labels', 'rules'];
const RULE_ORDER = ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'];

/** Throws InputError where the file cannot be read as YAML; what is wrong with its rules does not matter. */
export function formatRuleFile(text: string, file: string, parser?: Partial<ParserOptions>): string {
  const document = parseDocument(text, { uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const [start] = error.linePos ?? [];
    throw new InputError('bad_yaml', `yaml: ${error.message.split(/ at line \d/)[0]}`, {
      file,
      line: start?.line,
      column: start?.col,
    });
  }
  formatDocument(document as Document, /(^|\s)[&*]\w/m.test(text), parser);
  const out = document.toString({ indent: 2, indentSeq: true, lineWidth: 0, minContentWidth: 0 });
  return text.trim() === '' ? '' : out;
}

function formatDocument(document: Document, hasAliases: boolean, parser?: Partial<ParserOptions>): void {
  const root = document.contents;
  const groups = isMap(root) ? root.get('groups') : undefined;
  if (!isSeq(groups)) return;
  for (const group of groups.items) {
    if (!isMap(group)) continue;
    // An anchor must stay before the aliases that refer to it.
    if (!hasAliases) reorder(group, GROUP_ORDER);
    const rules = group.get('rules');
    if (!isSeq(rules)) continue;
    for (const rule of rules.items) {
      if (!isMap(rule)) continue;
      if (!hasAliases) reorder(rule, RULE_ORDER);
      formatExpression(rule, parser);
    }
  }
}

/** Known fields first, in their order; others behind as they were. */
function reorder(map: YAMLMap, order: readonly string[]): void {
  const keys = map.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''));
  // A merge key gives what the others replace, and a field that occurs twice is a fault to be seen.
  if (keys.includes('<<') || new Set(keys).size < keys.length) return;
  const rank = (key: unknown) => {
    const at = order.indexOf(isScalar(key) ? String(key.value) : '');
    return at < 0 ? order.length : at;
  };
  const before = map.items[0];
  map.items.sort((a, b) => rank(a.key) - rank(b.key));
  const after = map.items[0];
  // The comment and the blank line above the first field are the map's.
  if (before !== undefined && after !== before) {
    if (isScalar(before.key) && isScalar(after.key) && before.key.spaceBefore === true) {
      before.key.spaceBefore = false;
    }
  }
}

function formatExpression(rule: YAMLMap, parser?: Partial<ParserOptions>): void {
  const node = rule.get('expr', true);
  if (!isScalar(node)) return;
  const source = typeof node.value === 'string' ? node.value : node.source;
  if (source === undefined) return;
  const pretty = prettyExpression(source, parser);
  if (pretty === undefined) return;
  // A number stays one, whatever its notation.
  if (typeof node.value !== 'string' && !pretty.includes('\n')) return;
  node.value = pretty.includes('\n') ? `${pretty}\n` : pretty;
  node.type = pretty.includes('\n') ? Scalar.BLOCK_LITERAL : keptType(node, pretty);
}

/** Quotes stay; what was on several lines and fits on one needs no block any more. */
function keptType(node: Scalar, pretty: string): Scalar.Type {
  const wasBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
  if (!wasBlock) return node.type ?? Scalar.PLAIN;
  // A scalar that needs quotes in one line (`{…}`, `a: b`) reads better in a block.
  if (!/^[\w(][^#:"'\\]*$/.test(pretty)) {
    node.value = `${pretty}\n`;
    return Scalar.BLOCK_LITERAL;
  }
  return Scalar.PLAIN;
}

/** Undefined where the expression cannot be read, or has comments of its own, which printing would lose. */
function prettyExpression(source: string, parser?: Partial<ParserOptions>): string | undefined {
  if (hasComment(source)) return undefined;
  try {
    const expr = parseQuery(source, parser);
    const pretty = fromTheMargin(prettyPrint(expr));
    return sameMeaning(expr, parseQuery(pretty, parser)) ? pretty : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The first operand without its indentation, which YAML could only hold with a number in the block's header. */
function fromTheMargin(pretty: string): string {
  const lines = pretty.split('\n');
  const depth = /^ */.exec(lines[0])![0].length;
  if (depth === 0) return pretty;
  const margin = ' '.repeat(depth);
  let end = lines.findIndex((line) => !line.startsWith(margin));
  if (end < 0) end = lines.length;
  return lines.map((line, i) => (i < end ? line.slice(depth) : line)).join('\n');
}

function hasComment(source: string): boolean {
  return source.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/gs, '').includes('#');
}

/** Whether both are the same tree. */
export function sameMeaning(a: Expr, b: Expr): boolean {
  return JSON.stringify(exprToJson(a)) === JSON.stringify(exprToJson(b));
}
