/**
 * What discovery reads of Kubernetes' objects, and where the API has them.
 * See https://kubernetes.io/docs/reference/generated/kubernetes-api/
 */
import type { KubernetesRole } from '../sd-config.ts';

/** Kinds that are watched: the roles, namespaces for their labels, and what stands between pods and their controllers. */
export type Kind = KubernetesRole | 'namespace' | 'replicaset' | 'job';

interface Resource {
  /** Group and version. */
  api: string;
  plural: string;
  namespaced: boolean;
}

export const RESOURCES: Readonly<Record<Kind, Resource>> = {
  pod: { api: 'api/v1', plural: 'pods', namespaced: true },
  service: { api: 'api/v1', plural: 'services', namespaced: true },
  endpoints: { api: 'api/v1', plural: 'endpoints', namespaced: true },
  endpointslice: { api: 'apis/discovery.k8s.io/v1', plural: 'endpointslices', namespaced: true },
  ingress: { api: 'apis/networking.k8s.io/v1', plural: 'ingresses', namespaced: true },
  node: { api: 'api/v1', plural: 'nodes', namespaced: false },
  namespace: { api: 'api/v1', plural: 'namespaces', namespaced: false },
  replicaset: { api: 'apis/apps/v1', plural: 'replicasets', namespaced: true },
  job: { api: 'apis/batch/v1', plural: 'jobs', namespaced: true },
};

export interface KubeObject {
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string> | null;
    annotations?: Record<string, string> | null;
    ownerReferences?: { kind: string; name: string; controller?: boolean }[] | null;
    managedFields?: unknown;
  };
}

export interface Container {
  name: string;
  image?: string;
  ports?: { name?: string; containerPort: number; protocol?: string }[] | null;
}

interface ContainerStatus {
  name: string;
  containerID?: string;
}

export interface Pod extends KubeObject {
  spec: { nodeName?: string; containers: Container[]; initContainers?: Container[] | null };
  status: {
    phase?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: { type: string; status: string }[] | null;
    containerStatuses?: ContainerStatus[] | null;
    initContainerStatuses?: ContainerStatus[] | null;
  };
}

export interface Service extends KubeObject {
  spec: {
    type?: string;
    clusterIP?: string;
    externalName?: string;
    loadBalancerIP?: string;
    ports?: { name?: string; port: number; protocol?: string }[] | null;
  };
}

export interface Node extends KubeObject {
  spec: { providerID?: string };
  status: {
    addresses?: { type: string; address: string }[] | null;
    daemonEndpoints?: { kubeletEndpoint?: { Port?: number } };
  };
}

export interface ObjectRef {
  kind?: string;
  name?: string;
  namespace?: string;
}

export interface EndpointAddress {
  ip: string;
  hostname?: string;
  nodeName?: string | null;
  targetRef?: ObjectRef | null;
}

export interface Endpoints extends KubeObject {
  subsets?:
    | {
        addresses?: EndpointAddress[] | null;
        notReadyAddresses?: EndpointAddress[] | null;
        ports?: { name?: string; port: number; protocol?: string }[] | null;
      }[]
    | null;
}

export interface SliceEndpoint {
  addresses: string[];
  conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null };
  hostname?: string | null;
  targetRef?: ObjectRef | null;
  nodeName?: string | null;
  zone?: string | null;
  deprecatedTopology?: Record<string, string> | null;
}

export interface SlicePort {
  name?: string | null;
  protocol?: string | null;
  port?: number | null;
  appProtocol?: string | null;
}

export interface EndpointSlice extends KubeObject {
  addressType: string;
  endpoints?: SliceEndpoint[] | null;
  ports?: SlicePort[] | null;
}

export interface Ingress extends KubeObject {
  spec: {
    ingressClassName?: string | null;
    tls?: { hosts?: string[] | null }[] | null;
    rules?: { host?: string; http?: { paths?: { path?: string }[] | null } | null }[] | null;
  };
}

/** What made an object, and would make it again. */
export function controllerOf({ metadata }: KubeObject): { kind: string; name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** `namespace/name`, or the name where there is no namespace. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace ? `${namespace}/${name}` : name;
}
