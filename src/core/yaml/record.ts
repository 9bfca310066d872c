/** A YAML map whose keys are known: what is not among them is a fault, with a guess at what was meant. */
import type { Node } from 'yaml';
import { nearestName } from '../spelling/index.ts';

export interface YamlPair {
  key: string;
  keyNode: Node;
  value: Node | null;
}

/** What a record tells its document. */
interface Faults {
  fault(node: Node | null, message: string): void;
  isNull(node: Node | null | undefined): boolean;
}

export class YamlRecord {
  private readonly values = new Map<string, YamlPair>();

  constructor(
    document: Faults,
    pairs: readonly YamlPair[],
    type: string,
    known: readonly string[],
    strict: boolean,
  ) {
    for (const pair of pairs) {
      if (known.includes(pair.key)) this.values.set(pair.key, pair);
      else if (strict) {
        const [guess] = nearestName(pair.key, known);
        const hint = guess === undefined ? '' : ` (did you mean ${guess}?)`;
        document.fault(pair.keyNode, `field ${pair.key} not found in type ${type}${hint}`);
      }
    }
  }

  /** The node of a field; null where it was left out. */
  get(name: string): Node | null {
    return this.values.get(name)?.value ?? null;
  }

  /** The node of a field's name. */
  key(name: string): Node | undefined {
    return this.values.get(name)?.keyNode;
  }

  has(name: string): boolean {
    return this.values.has(name);
  }
}
