/**
 * One YAML document as people's configuration is written in it: read by asking for values of a certain type, each with
 * its place. Anchors, aliases and merge keys (`<<`) are followed. What is wrong is gathered in `faults`, so that one
 * run tells everything; the wording is that of Go's decoder, which people know from Prometheus, and positions and a
 * guess at what was meant are added.
 *
 * Scalars are text first: `1`, `true` and `2.50` are what was written where text is wanted (https://yaml.org/spec/1.2).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml';
import { InputError, type Place } from '../errors.ts';
import { parseDuration } from '../model/duration.ts';
import { parseGoYamlNumber } from './go-number.ts';
import { parseDocument } from './parser.ts';
import { readPlainYaml } from './plain-reader.ts';
import { type YamlPair, YamlRecord } from './record.ts';
import { strayTab } from './stray-tab.ts';

/** Lines and columns count from 1. */
export interface YamlFault {
  line: number;
  column: number;
  message: string;
}

/** More merged maps inside each other than anybody writes: a map that contains itself. */
const MOST_MERGES = 100;

export class YamlDocument {
  readonly file: string;
  readonly root: Node | null;
  readonly faults: YamlFault[] = [];
  private readonly content: string;
  private lineCounter: LineCounter | undefined;
  /** Undefined where the text is so plain that it was not needed: then there are no aliases. */
  private readonly parsed: ReturnType<typeof parseDocument> | undefined;

  /** Parses. Faults of syntax are in `faults`; then `root` is what could be understood. */
  constructor(text: string, file: string) {
    this.file = file;
    this.content = text;
    const tab = strayTab(text);
    const plain = tab >= 0 ? undefined : readPlainYaml(text);
    if (plain !== undefined) {
      this.root = plain;
      return;
    }
    this.lineCounter = new LineCounter();
    // A second document is not looked at.
    this.parsed = parseDocument(text, {
      lineCounter: this.lineCounter,
      uniqueKeys: false,
      strict: false,
      logLevel: 'silent',
    }) as ReturnType<typeof parseDocument>;
    for (const error of this.parsed.errors) {
      if (error.code === 'MULTIPLE_DOCS') continue;
      const { line, col } = this.lines.linePos(error.pos[0]);
      this.faults.push({ line, column: col, message: `yaml: ${error.message.split(/ at line \d/)[0]}` });
    }
    if (tab >= 0) {
      const { line, col } = this.lines.linePos(tab);
      this.faults.push({ line, column: col, message: 'yaml: found character that cannot start any token' });
    }
    this.root = this.resolve(this.parsed.contents as Node | null);
  }

  /** Where lines begin; of a plain text, whose places are rarely asked for, counted only then. */
  private get lines(): LineCounter {
    if (this.lineCounter !== undefined) return this.lineCounter;
    const lines = new LineCounter();
    for (let start = 0; start >= 0; start = this.content.indexOf('\n', start) + 1 || -1)
      lines.addNewLine(start);
    this.lineCounter = lines;
    return lines;
  }

  get failed(): boolean {
    return this.faults.length > 0;
  }

  /** The faults as errors, in the order of lines. */
  errors(): InputError[] {
    return [...this.faults]
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .map(
        ({ line, column, message }) => new InputError('bad_yaml', message, { file: this.file, line, column }),
      );
  }

  place(node: Node | null | undefined): Place {
    const offset = node?.range?.[0];
    if (offset === undefined) return { file: this.file };
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line, column: col };
  }

  fault(node: Node | null | undefined, message: string): void {
    const { line = 1, column = 1 } = this.place(node);
    this.faults.push({ line, column, message });
  }

  /** Whether the value was left out or is `null`. */
  isNull(node: Node | null | undefined): boolean {
    const value = this.resolve(node);
    return value === null || (isScalar(value) && value.value === null);
  }

  /** A map with a known set of keys; undefined and a fault where it is something else. */
  record(
    node: Node | null | undefined,
    type: string,
    known: readonly string[],
    strict = true,
  ): YamlRecord | undefined {
    const pairs = this.pairs(node, type);
    return pairs === undefined ? undefined : new YamlRecord(this, pairs, type, known, strict);
  }

  /** The elements of a list, none where it was left out. */
  list(node: Node | null | undefined, type: string): (Node | null)[] {
    if (this.isNull(node)) return [];
    const value = this.resolve(node);
    if (isSeq(value)) return (value.items as (Node | null)[]).map((item) => this.resolve(item));
    this.fault(node, `cannot unmarshal ${this.describe(value)} into ${type}`);
    return [];
  }

  /** As `list`, without empty elements: Go's YAML leaves them out of lists of structs and of texts. */
  filledItems(node: Node | null | undefined, type: string): (Node | null)[] {
    return this.list(node, type).filter((item) => !this.isNull(item));
  }

  text(node: Node | null | undefined, type = 'string'): string {
    if (this.isNull(node)) return '';
    const value = this.resolve(node);
    if (isScalar(value)) {
      return typeof value.value === 'string' ? value.value : (value.source ?? String(value.value));
    }
    this.fault(node, `cannot unmarshal ${this.describe(value)} into ${type}`);
    return '';
  }

  /** A map from text to text, in the order written. */
  texts(node: Node | null | undefined, type = 'map[string]string'): YamlTexts {
    const found: YamlTexts = new Map();
    if (this.isNull(node)) return found;
    for (const { key, keyNode, value } of this.pairs(node, type) ?? []) {
      // Go's YAML leaves out what has an empty key.
      if (this.isNull(keyNode)) continue;
      found.set(key, { text: this.text(value), node: value });
    }
    return found;
  }

  /** What has a fraction loses it, as in Go. */
  integer(node: Node | null | undefined, type = 'int'): number | undefined {
    const value = this.number(node, type);
    return value === undefined ? undefined : Math.trunc(value) + 0;
  }

  float(node: Node | null | undefined): number | undefined {
    return this.number(node, 'float64');
  }

  /** Text in quotes is no number. */
  private number(node: Node | null | undefined, type: string): number | undefined {
    if (this.isNull(node)) return undefined;
    const scalar = this.resolve(node);
    const text = this.text(node, type);
    if (!isScalar(scalar)) return undefined;
    const value = scalar.type === 'PLAIN' ? parseGoYamlNumber(text) : undefined;
    const fits = value !== undefined && (type === 'float64' || Math.abs(value) <= Number.MAX_SAFE_INTEGER);
    if (fits) return value;
    this.fault(node, `cannot unmarshal ${this.describe(scalar)} into ${type}`);
    return undefined;
  }

  boolean(node: Node | null | undefined): boolean | undefined {
    if (this.isNull(node)) return undefined;
    const text = this.text(node, 'bool').toLowerCase();
    if (['true', 'yes', 'on', 'y'].includes(text)) return true;
    if (['false', 'no', 'off', 'n'].includes(text)) return false;
    this.fault(node, `cannot unmarshal ${this.describe(this.resolve(node))} into bool`);
    return undefined;
  }

  /** Milliseconds of a duration as Prometheus writes it. */
  durationMs(node: Node | null | undefined): number | undefined {
    if (this.isNull(node)) return undefined;
    try {
      return parseDuration(this.text(node));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.fault(node, error.reason);
      return undefined;
    }
  }

  /** Follows an alias to what it stands for. */
  resolve(node: Node | null | undefined): Node | null {
    if (!isAlias(node)) return node ?? null;
    const target = this.parsed && (node.resolve(this.parsed) as Node | undefined);
    if (target === undefined) this.fault(node, `yaml: unknown anchor '${node.source}' referenced`);
    return target ?? null;
  }

  /** What Go calls a value: `!!seq`, `!!int \`1\``. */
  private describe(value: Node | null): string {
    if (isSeq(value)) return '!!seq';
    if (isMap(value)) return '!!map';
    if (!isScalar(value)) return '!!null';
    const tag =
      typeof value.value === 'number'
        ? Number.isInteger(value.value)
          ? '!!int'
          : '!!float'
        : typeof value.value === 'boolean'
          ? '!!bool'
          : '!!str';
    const text = value.source ?? String(value.value);
    return `${tag} \`${text.length > 10 ? `${text.slice(0, 7)}...` : text}\``;
  }

  /** The keys and values of any map, merged ones included; undefined and a fault where it is something else. */
  pairs(node: Node | null | undefined, type: string): YamlPair[] | undefined {
    const value = this.resolve(node);
    if (!isMap(value)) {
      this.fault(node, `cannot unmarshal ${this.describe(value)} into ${type}`);
      return undefined;
    }
    return this.pairsOf(value, type, 0);
  }

  private pairsOf(map: Node, type: string, depth: number): YamlPair[] {
    const own = new Map<string, YamlPair>();
    const merged: YamlPair[] = [];
    if (!isMap(map)) return [];
    for (const item of map.items) {
      const keyNode = item.key as Node;
      const value = item.value as Node | null;
      const key = this.text(keyNode);
      if (key === '<<' && isScalar(keyNode) && keyNode.type === 'PLAIN') {
        merged.push(...this.mergedPairs(value, type, depth + 1));
        continue;
      }
      const before = own.get(key);
      if (before !== undefined) {
        const line = this.place(before.keyNode).line;
        this.fault(keyNode, `mapping key ${JSON.stringify(key)} already defined at line ${line}`);
      }
      own.set(key, { key, keyNode, value });
    }
    const all = [...own.values()];
    for (const pair of merged) {
      if (own.has(pair.key)) continue;
      own.set(pair.key, pair);
      all.push(pair);
    }
    return all;
  }

  private mergedPairs(node: Node | null, type: string, depth: number): YamlPair[] {
    const value = this.resolve(node);
    if (depth > MOST_MERGES) {
      this.fault(node, `yaml: a map is merged into itself`);
      return [];
    }
    if (isMap(value)) return this.pairsOf(value, type, depth);
    if (isSeq(value)) return value.items.flatMap((item) => this.mergedPairs(item as Node, type, depth + 1));
    this.fault(node, 'yaml: map merge requires map or sequence of maps as the value');
    return [];
  }
}

/** Texts by key, each with the node that says where it stands. */
export type YamlTexts = Map<string, { text: string; node: Node | null }>;
