/**
 * Target groups: what every discovery mechanism yields, and the JSON and YAML documents that list them.
 * See https://prometheus.io/docs/prometheus/latest/http_sd/#http_sd-format
 */
import { InputError } from '../errors.ts';
import {
  EMPTY_LABELS,
  goQuote,
  isValidLabelName,
  type Labels,
  labelsFromObject,
  labelsFromPairs,
} from '../model/index.ts';

export const ADDRESS = '__address__';

export interface TargetGroup {
  /** Tells one group of a mechanism from the others; a later group of the same source takes its place. */
  source: string;
  /** Each has at least `__address__`. A group without targets says that its source is gone. */
  targets: readonly Labels[];
  /** What all targets have where they have none of their own. */
  labels: Labels;
}

/** A target that has an address and nothing more. */
export function addressLabels(address: string): Labels {
  return labelsFromPairs([[ADDRESS, address]]);
}

/**
 * The groups of a document that a JSON or YAML parser has read: `[{"targets": ["h:1"], "labels": {"a": "b"}}]`. Their
 * sources are `source:0`, `source:1` and so on. Throws InputError (`bad_target_groups`) for the first fault.
 */
export function parseTargetGroups(document: unknown, source: string, extra = EMPTY_LABELS): TargetGroup[] {
  if (document === null || document === undefined || document === '') return [];
  if (!Array.isArray(document)) throw fault('is not a list of target groups');
  return document.map((group, i) => parseGroup(group, i, `${source}:${i}`, extra));
}

function parseGroup(group: unknown, index: number, source: string, extra: Labels): TargetGroup {
  if (typeof group !== 'object' || group === null || Array.isArray(group)) {
    throw fault(`nil target group item found (index ${index})`);
  }
  const where = `target group ${index}`;
  for (const key of Object.keys(group)) {
    if (key !== 'targets' && key !== 'labels') throw fault(`${where}: unknown field ${goQuote(key)}`);
  }
  const { targets, labels } = group as { targets?: unknown; labels?: unknown };
  return {
    source,
    targets: parseTargets(targets, where),
    labels: labelsFromObject({ ...parseLabels(labels, where), ...extra.toObject() }),
  };
}

function parseTargets(targets: unknown, where: string): Labels[] {
  if (targets === undefined || targets === null || targets === '') return [];
  if (!Array.isArray(targets)) throw fault(`${where}: targets is not a list`);
  return targets.map((target) => {
    if (typeof target !== 'string') throw fault(`${where}: a target is not a string`);
    return addressLabels(target);
  });
}

function parseLabels(labels: unknown, where: string): Record<string, string> {
  if (labels === undefined || labels === null || labels === '') return {};
  if (typeof labels !== 'object' || Array.isArray(labels)) throw fault(`${where}: labels is not a map`);
  const out: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(labels)) {
    if (!isValidLabelName(name)) throw fault(`${where}: ${goQuote(name)} is not a valid label name`);
    if (typeof value !== 'string')
      throw fault(`${where}: the value of label ${goQuote(name)} is not a string`);
    out[name] = value;
  }
  return out;
}

function fault(reason: string): InputError {
  return new InputError('bad_target_groups', reason);
}
