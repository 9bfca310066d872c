/** Role `pod`: a target for each declared port of each container, or for the pod's address where none is declared. */
import { MetaLabels } from '../meta-labels.ts';
import { ADDRESS } from '../target-group.ts';
import { META, NAMESPACE, podLabels } from './labels.ts';
import type { Container, Pod } from './objects.ts';
import { attachControllers, attachNamespace, attachNode, type Build } from './role.ts';

export const buildPod: Build<Pod> = (pod, context) => {
  const ip = pod.status.podIP;
  // One that is starting, or was evicted.
  if (!ip) return undefined;
  const labels = podLabels(pod).set(NAMESPACE, pod.metadata.namespace);
  attachNamespace(labels, pod.metadata.namespace, context);
  attachNode(labels, pod.spec.nodeName, context);
  attachControllers(labels, pod, context);
  const targets = containersOf(pod).flatMap(({ container, init }) => {
    const statuses = init ? pod.status.initContainerStatuses : pod.status.containerStatuses;
    const id = statuses?.find(({ name }) => name === container.name)?.containerID;
    const common = containerLabels(container, init).set(`${META}pod_container_id`, id);
    if (!container.ports?.length) return [common.set(ADDRESS, ip).labels()];
    return container.ports.map((port) =>
      new MetaLabels(common)
        .address(ip, port.containerPort)
        .set(`${META}pod_container_port_number`, port.containerPort)
        .set(`${META}pod_container_port_name`, port.name)
        .set(`${META}pod_container_port_protocol`, port.protocol)
        .labels(),
    );
  });
  return { labels, targets };
};

/** Init containers come last: those that stay beside the others have ports, too. */
export function containersOf({ spec }: Pod): { container: Container; init: boolean }[] {
  return [
    ...spec.containers.map((container) => ({ container, init: false })),
    ...(spec.initContainers ?? []).map((container) => ({ container, init: true })),
  ];
}

export function containerLabels({ name, image }: Container, init: boolean): MetaLabels {
  return new MetaLabels()
    .set(`${META}pod_container_name`, name)
    .set(`${META}pod_container_image`, image)
    .set(`${META}pod_container_init`, init);
}
