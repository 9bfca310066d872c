/** The labels of a target, as mechanisms put them together. */
import { type Labels, labelsFromPairs } from '../model/labels.ts';
import { ADDRESS } from './target-group.ts';

type Value = string | number | boolean | undefined | null;

export class MetaLabels {
  private readonly values: Map<string, string>;

  /** Starts with what `other` has. */
  constructor(other?: MetaLabels) {
    this.values = new Map(other?.values);
  }

  /** In place of an earlier value. Nothing where there is no value. */
  set(name: string, value: Value): this {
    if (value !== undefined && value !== null) this.values.set(name, String(value));
    return this;
  }

  address(host: string, port: number): this {
    return this.set(ADDRESS, joinHostPort(host, port));
  }

  /** Each entry under the prefix and its own name, as far as that is fit for a label. */
  setEach(prefix: string, entries: Readonly<Record<string, Value>> | undefined | null): this {
    for (const [name, value] of Object.entries(entries ?? {})) this.set(prefix + labelNamePart(name), value);
    return this;
  }

  /** As `setEach`, and a second one that says `true`: labels and annotations of objects. */
  setEachPresent(
    prefix: string,
    what: string,
    entries: Readonly<Record<string, string>> | undefined | null,
  ): this {
    for (const [name, value] of Object.entries(entries ?? {})) {
      const part = labelNamePart(name);
      this.set(`${prefix}${what}_${part}`, value).set(`${prefix}${what}present_${part}`, true);
    }
    return this;
  }

  add(other: MetaLabels | undefined): this {
    for (const [name, value] of other?.values ?? []) this.values.set(name, value);
    return this;
  }

  labels(): Labels {
    return labelsFromPairs(this.values);
  }
}

/** What cannot be in a label's name becomes an underscore. */
export function labelNamePart(text: string): string {
  return text.replace(/[^a-zA-Z0-9_]/gu, '_');
}

/** IPv6 in brackets. */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
