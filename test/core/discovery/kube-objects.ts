/** A small cluster, with what real ones have in the way of odd cases. */
import type { KubeObject } from './kube-server.ts';

export function node(name: string, addresses: [type: string, address: string][]): KubeObject {
  return {
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/zone': 'a' },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { providerID: `kind://${name}` },
    status: {
      addresses: addresses.map(([type, address]) => ({ type, address })),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  };
}

export function pod(name: string, ip: string, more: Record<string, unknown> = {}): KubeObject {
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-of-${name}`,
      labels: { app: 'web', 'app.kubernetes.io/name': 'web' },
      annotations: { 'prometheus.io/scrape': 'true' },
      ownerReferences: [
        { apiVersion: 'v1', uid: '0', kind: 'Other', name: 'other' },
        { apiVersion: 'apps/v1', uid: '1', kind: 'ReplicaSet', name: 'web-5d9', controller: true },
      ],
    },
    spec: {
      nodeName: 'one',
      containers: [
        {
          name: 'app',
          image: 'web:1',
          ports: [
            { name: 'http', containerPort: 8080, protocol: 'TCP' },
            { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
            { containerPort: 53, protocol: 'UDP' },
          ],
        },
        { name: 'sidecar', image: 'proxy:2' },
      ],
      initContainers: [
        { name: 'setup', image: 'setup:3', ports: [{ name: 'init', containerPort: 8081, protocol: 'TCP' }] },
      ],
      ...more,
    },
    status: {
      phase: 'Running',
      podIP: ip,
      hostIP: '127.1.0.1',
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      containerStatuses: [
        { name: 'app', containerID: 'containerd://abc' },
        { name: 'sidecar', containerID: 'containerd://def' },
      ],
      initContainerStatuses: [{ name: 'setup', containerID: 'containerd://ghi' }],
    },
  };
}

export function service(name: string, spec: Record<string, unknown>): KubeObject {
  return {
    kind: 'Service',
    metadata: { name, namespace: 'shop', labels: { tier: 'front' }, annotations: { 'a.b/c': 'd' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: '127.9.0.1',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'metrics', port: 9090, protocol: 'TCP' },
      ],
      ...spec,
    },
  };
}

export function endpoints(name: string, subsets: unknown[]): KubeObject {
  return { kind: 'Endpoints', metadata: { name, namespace: 'shop', labels: { tier: 'front' } }, subsets };
}

export function podRef(name: string): Record<string, string> {
  return { kind: 'Pod', name, namespace: 'shop', uid: `uid-of-${name}` };
}

export function slice(name: string, more: Record<string, unknown>): KubeObject {
  return {
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { x: 'y' },
    },
    addressType: 'IPv4',
    ...more,
  };
}

/** Everything at once. */
export function cluster(): KubeObject[] {
  const bare = pod('bare', '127.2.0.3', {
    nodeName: 'two',
    containers: [{ name: 'only', image: 'x' }],
    initContainers: [],
  });
  bare.metadata = { name: 'bare', namespace: 'other', uid: 'u' };
  bare['status'] = { phase: 'Pending', podIP: '127.2.0.3' };
  const starting = pod('starting', '');
  starting['status'] = { phase: 'Pending' };
  return [
    { kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'blue' }, annotations: { owner: 'me' } } },
    { kind: 'Namespace', metadata: { name: 'other' } },
    node('one', [
      ['Hostname', 'one.local'],
      ['InternalIP', '127.1.0.1'],
      ['InternalIP', '127.1.0.9'],
      ['ExternalIP', '127.7.0.1'],
    ]),
    node('two', [['Hostname', 'two.local']]),
    node('six', [['InternalIP', '::1']]),
    node('lost', []),
    pod('web-1', '127.2.0.1'),
    pod('web-2', '127.2.0.2', { nodeName: 'two' }),
    pod('web-6', 'fd00::6'),
    bare,
    starting,
    service('web', {}),
    service('lb', { type: 'LoadBalancer', loadBalancerIP: '127.8.0.1' }),
    service('ext', { type: 'ExternalName', externalName: 'example.com', clusterIP: undefined }),
    service('none', { clusterIP: 'None', ports: [] }),
    endpoints('web', [
      {
        addresses: [
          { ip: '127.2.0.1', nodeName: 'one', hostname: 'first', targetRef: podRef('web-1') },
          { ip: '127.3.0.1' },
        ],
        notReadyAddresses: [{ ip: '127.2.0.2', nodeName: 'two', targetRef: podRef('web-2') }],
        ports: [
          { name: 'http', port: 8080, protocol: 'TCP' },
          { name: 'other', port: 7000, protocol: 'TCP' },
        ],
      },
      {
        addresses: [{ ip: '127.1.0.1', targetRef: { kind: 'Node', name: 'two' } }],
        ports: [{ port: 1, protocol: 'TCP' }],
      },
      { addresses: [{ ip: '127.2.0.9', targetRef: podRef('gone') }], ports: [{ port: 2, protocol: 'UDP' }] },
      { addresses: [{ ip: '127.2.0.10' }] },
    ]),
    endpoints('empty', []),
    slice('web-a', {
      endpoints: [
        {
          addresses: ['127.2.0.1', '127.2.0.11'],
          conditions: { ready: true, serving: true, terminating: false },
          hostname: 'first',
          nodeName: 'one',
          zone: 'a',
          targetRef: podRef('web-1'),
          deprecatedTopology: { 'topology.kubernetes.io/zone': 'a' },
        },
        { addresses: ['127.2.0.2'], conditions: {}, targetRef: podRef('web-2') },
        { addresses: ['127.1.0.1'], targetRef: { kind: 'Node', name: 'one' } },
      ],
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' },
        { name: '', port: 9999, protocol: 'TCP' },
      ],
    }),
    slice('web-b', {
      addressType: 'IPv6',
      endpoints: [{ addresses: ['fd00::6'], conditions: { ready: false }, targetRef: podRef('web-6') }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    }),
    slice('web-c', {
      addressType: 'FQDN',
      endpoints: [{ addresses: ['a.example.com'] }],
      ports: [{ name: 'any' }],
    }),
    {
      kind: 'Ingress',
      metadata: { name: 'front', namespace: 'shop', labels: { x: 'y' }, annotations: { 'k/v': 'w' } },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['*.example.com', 'secure.test'] }],
        rules: [
          { host: 'a.example.com', http: { paths: [{ path: '/a' }, { path: '' }] } },
          { host: 'b.a.example.com', http: { paths: [{ path: '/b' }] } },
          { host: 'secure.test', http: { paths: [{ path: '/' }] } },
          { host: 'plain.test' },
          { http: { paths: [{ path: '/all' }] } },
        ],
      },
    },
    { kind: 'Ingress', metadata: { name: 'bare', namespace: 'other' }, spec: {} },
  ];
}
