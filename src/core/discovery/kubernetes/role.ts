/** What a role makes of an object. */
import type { Labels } from '../../model/labels.ts';
import type { MetaLabels } from '../meta-labels.ts';
import type { KubernetesDiscoveryConfig } from '../sd-config.ts';
import { metadataLabels, nodeLabels } from './labels.ts';
import type { Lookup } from './lookup.ts';
import type { KubeObject } from './objects.ts';

export interface BuildContext {
  lookup: Lookup;
  attach: KubernetesDiscoveryConfig['attachMetadata'];
}

/** Group labels and targets; undefined where the object has no targets. */
export type Build<T extends KubeObject> = (
  object: T,
  context: BuildContext,
) => { labels: MetaLabels; targets: Labels[] } | undefined;

/** Adds what a node says, where that was asked for. */
export function attachNode(
  labels: MetaLabels,
  name: string | null | undefined,
  { attach, lookup }: BuildContext,
): void {
  if (!attach.node || !name) return;
  const node = lookup.node(name);
  if (node !== undefined) labels.add(nodeLabels(node));
}

export function attachNamespace(
  labels: MetaLabels,
  name: string | undefined,
  { attach, lookup }: BuildContext,
): void {
  if (!attach.namespace || name === undefined) return;
  const namespace = lookup.namespace(name);
  if (namespace !== undefined) metadataLabels(namespace, 'namespace', labels);
}
