/** What the roles say of an object in the same way. */
import { MetaLabels } from '../meta-labels.ts';
import { controllerOf, type KubeObject, type Node, type Pod, type Service } from './objects.ts';

export const META = '__meta_kubernetes_';
export const NAMESPACE = `${META}namespace`;

/** Name, labels and annotations. */
export function objectLabels(object: KubeObject, what: string, labels = new MetaLabels()): MetaLabels {
  return metadataLabels(object, what, labels.set(`${META}${what}_name`, object.metadata.name));
}

/** Labels and annotations. */
export function metadataLabels({ metadata }: KubeObject, what: string, labels: MetaLabels): MetaLabels {
  return labels
    .setEachPresent(`${META}${what}_`, 'label', metadata.labels)
    .setEachPresent(`${META}${what}_`, 'annotation', metadata.annotations);
}

export function podLabels(pod: Pod): MetaLabels {
  const { spec, status, metadata } = pod;
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
  const owner = controllerOf(pod);
  return objectLabels(pod, 'pod')
    .set(`${META}pod_ip`, status.podIP)
    .set(`${META}pod_ready`, ready.toLowerCase())
    .set(`${META}pod_phase`, status.phase)
    .set(`${META}pod_node_name`, spec.nodeName)
    .set(`${META}pod_host_ip`, status.hostIP)
    .set(`${META}pod_uid`, metadata.uid)
    .set(`${META}pod_controller_kind`, owner?.kind)
    .set(`${META}pod_controller_name`, owner?.name);
}

export function serviceLabels(service: Service): MetaLabels {
  return objectLabels(service, 'service').set(NAMESPACE, service.metadata.namespace);
}

export function nodeLabels(node: Node): MetaLabels {
  return objectLabels(node, 'node');
}
