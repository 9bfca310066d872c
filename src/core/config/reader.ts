/** One file while its configuration is read: where values stand, what is wrong with them, and what was left out. */
import { isAbsolute, join } from 'node:path';
import type { Node } from 'yaml';
import { InputError, type Place } from '../errors.ts';
import type { ValidationScheme } from '../model/names.ts';
import type { YamlDocument, YamlFault } from '../yaml/index.ts';

/** Where a value comes from. */
export type Origin =
  | { kind: 'file'; place: Place }
  /** From the `global` section, whose own origin is that of `key`. */
  | { kind: 'global'; key: string }
  | { kind: 'default' };

/** By key path: `scrape_configs[0].scrape_interval`. What is not in it is a default. */
export type Origins = Map<string, Origin>;

/** What a document says of a key that a section does not have. */
const UNKNOWN_KEY = /^field (\S+) not found in type /;

/** Most places are never asked for, and finding the line of one takes longer than reading the value did. */
class FileOrigin {
  readonly kind = 'file';
  private readonly document: YamlDocument;
  private readonly node: Node;

  constructor(document: YamlDocument, node: Node) {
    this.document = document;
    this.node = node;
  }

  get place(): Place {
    return this.document.place(this.node);
  }
}

export class Reader {
  readonly document: YamlDocument;
  readonly origins: Origins;
  readonly warnings: InputError[] = [];
  /** Which names relabelling may produce, in the section that is being read. */
  nameScheme: ValidationScheme = 'utf8';
  /** Values of variables, where `${NAME}` is expanded in every text; undefined where only some places have that. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  private readonly directory: string;
  /** What was found, path and node in turn; few ask where something stands, and then `nodes` is made of them. */
  private readonly finds: (string | Node)[] = [];
  private nodes: Map<string, Node> | undefined;
  private readonly paths = new WeakMap<YamlFault, string>();

  constructor(
    document: YamlDocument,
    directory: string,
    origins: Origins,
    env?: Readonly<Record<string, string | undefined>>,
  ) {
    this.document = document;
    this.directory = directory;
    this.origins = origins;
    this.env = env;
  }

  get faultCount(): number {
    return this.document.faults.length;
  }

  /** A file name as it is meant: relative to the file that names it. */
  resolve(file: string): string {
    return file === '' || isAbsolute(file) ? file : join(this.directory, file);
  }

  /** Remembers where the value of `path` stands. */
  found(path: string, node: Node): void {
    this.finds.push(path, node);
    this.nodes = undefined;
    this.origins.set(path, new FileOrigin(this.document, node));
  }

  fault(node: Node | null, path: string, message: string): void {
    const before = this.faultCount;
    this.document.fault(node, message);
    this.claim(path, before);
  }

  /** A fault of the value at `path`, or of the nearest section around it that the file has. */
  faultAt(path: string, message: string): void {
    this.fault(this.nodeAt(path), path, message);
  }

  warnAt(path: string, message: string): void {
    this.warnings.push(new InputError('config_warning', message, this.document.place(this.nodeAt(path))));
  }

  /** Faults since `before` that belong to no path yet belong to this one. */
  claim(path: string, before: number): void {
    const { faults } = this.document;
    for (let i = before; i < faults.length; i++) {
      if (this.paths.has(faults[i])) continue;
      const key = UNKNOWN_KEY.exec(faults[i].message)?.[1];
      this.paths.set(faults[i], key === undefined ? path : path === '' ? key : `${path}.${key}`);
    }
  }

  /** In the order of lines; each begins with its key path. */
  errors(): InputError[] {
    const { faults, file } = this.document;
    return [...faults]
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .map((fault) => {
        const path = this.paths.get(fault) ?? '';
        const reason = path === '' ? fault.message : `${path}: ${fault.message}`;
        return new InputError('bad_config', reason, { file, line: fault.line, column: fault.column });
      });
  }

  private nodeAt(path: string): Node | null {
    this.nodes ??= nodesOf(this.finds);
    for (let at = path; at !== ''; at = at.replace(/(?:^|\.)[^.[\]]+$|\[\d+\]$/, '')) {
      const node = this.nodes.get(at);
      if (node !== undefined) return node;
      if (!/[.[]/.test(at)) break;
    }
    return this.document.root;
  }
}

function nodesOf(finds: readonly (string | Node)[]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (let i = 0; i < finds.length; i += 2) nodes.set(finds[i] as string, finds[i + 1] as Node);
  return nodes;
}
