/** What a role makes of an object. */
import type { Labels } from '../../model/labels.ts';
import type { MetaLabels } from '../meta-labels.ts';
import type { KubernetesDiscoveryConfig } from '../sd-config.ts';
import { META, metadataLabels, nodeLabels } from './labels.ts';
import type { Lookup } from './lookup.ts';
import { controllerOf, type KubeObject, type Pod } from './objects.ts';

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

/** Adds the names of the deployment, job or cron job that a pod belongs to, where that was asked for. */
export function attachControllers(labels: MetaLabels, pod: Pod, { attach, lookup }: BuildContext): void {
  const owner = controllerOf(pod);
  if (owner === undefined) return;
  const { namespace } = pod.metadata;
  const above = (object: KubeObject | undefined, kind: string): string | undefined => {
    const controller = object && controllerOf(object);
    return controller?.kind === kind ? controller.name : undefined;
  };
  if (attach.deployment && owner.kind === 'ReplicaSet') {
    const deployment = above(lookup.replicaSet(namespace, owner.name), 'Deployment');
    labels.set(`${META}pod_deployment_name`, deployment);
  }
  if (owner.kind !== 'Job') return;
  if (attach.job) labels.set(`${META}pod_job_name`, owner.name);
  if (attach.cronjob)
    labels.set(`${META}pod_cronjob_name`, above(lookup.job(namespace, owner.name), 'CronJob'));
}
