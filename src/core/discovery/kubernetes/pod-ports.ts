/**
 * Pods behind endpoints: what they add to the target of an endpoint, and the ports that they declare beyond those of the
 * service, which become targets as well.
 */
import type { Labels } from '../../model/labels.ts';
import type { MetaLabels } from '../meta-labels.ts';
import { META, podLabels } from './labels.ts';
import type { ObjectRef, Pod } from './objects.ts';
import { containerLabels, containersOf } from './pod.ts';
import { attachControllers, type BuildContext } from './role.ts';

export class PodPorts {
  private readonly context: BuildContext;
  private readonly pods = new Map<Pod, Set<number | undefined>>();

  constructor(context: BuildContext) {
    this.context = context;
  }

  /** Adds to the target of an endpoint what its pod says, if it is one. */
  describe(
    target: MetaLabels,
    ref: ObjectRef | null | undefined,
    port: number | undefined,
    protocol: string | undefined,
  ): void {
    if (ref?.kind !== 'Pod') return;
    const pod = this.context.lookup.pod(ref.namespace, ref.name);
    if (pod === undefined) return;
    target.add(podLabels(pod));
    attachControllers(target, pod, this.context);
    for (const { container, init } of containersOf(pod)) {
      const declared = container.ports?.find(({ containerPort }) => containerPort === port);
      if (declared === undefined) continue;
      target
        .add(containerLabels(container, init))
        .set(`${META}pod_container_port_name`, declared.name ?? '')
        .set(`${META}pod_container_port_number`, port)
        .set(`${META}pod_container_port_protocol`, protocol);
    }
    const known = this.pods.get(pod);
    if (known === undefined) this.pods.set(pod, new Set([port]));
    else known.add(port);
  }

  /** Targets for what pods declare and no endpoint has. */
  others(): Labels[] {
    return [...this.pods].flatMap(([pod, known]) => {
      const ip = pod.status.podIP;
      if (!ip) return [];
      return containersOf(pod).flatMap(({ container, init }) =>
        (container.ports ?? [])
          .filter(({ containerPort }) => !known.has(containerPort))
          .map(({ name, containerPort, protocol }) => {
            const target = containerLabels(container, init)
              .address(ip, containerPort)
              .set(`${META}pod_container_port_name`, name)
              .set(`${META}pod_container_port_number`, containerPort)
              .set(`${META}pod_container_port_protocol`, protocol)
              .add(podLabels(pod));
            attachControllers(target, pod, this.context);
            return target.labels();
          }),
      );
    });
  }
}
