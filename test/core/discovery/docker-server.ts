/** A Docker Engine API, with answers of the shape that a manager of a small swarm gives. */
import type { RequestListener } from 'node:http';

const NETWORKS = [
  { Id: 'n1', Name: 'bridge', Scope: 'local', Internal: false, Ingress: false, Labels: {} },
  { Id: 'n2', Name: 'inner', Scope: 'swarm', Internal: true, Ingress: false, Labels: { 'com.x/y': 'z' } },
  { Id: 'n3', Name: 'ingress', Scope: 'swarm', Internal: false, Ingress: true, Labels: null },
];

export const CONTAINERS: Record<string, unknown>[] = [
  {
    Id: 'c1',
    Names: ['/web', '/other/web'],
    Image: 'web:1',
    Labels: { 'com.docker.compose.service': 'web', prometheus: 'yes' },
    State: 'running',
    Ports: [
      { PrivatePort: 8080, PublicPort: 80, IP: '0.0.0.0', Type: 'tcp' },
      { PrivatePort: 8080, PublicPort: 80, IP: '::', Type: 'tcp' },
      { PrivatePort: 9090, Type: 'tcp' },
      { PrivatePort: 53, Type: 'udp' },
    ],
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: {
      Networks: {
        bridge: { IPAddress: '127.17.0.2', NetworkID: 'n1' },
        another: { IPAddress: '127.18.0.2', NetworkID: 'n2' },
      },
    },
  },
  {
    Id: 'c2',
    Names: ['/host'],
    Labels: {},
    Ports: [],
    HostConfig: { NetworkMode: 'host' },
    NetworkSettings: { Networks: { host: { IPAddress: '', NetworkID: 'nh' } } },
  },
  {
    Id: 'c3',
    Names: ['/shares'],
    Labels: { a: 'b' },
    Ports: [{ PrivatePort: 1234, Type: 'tcp' }],
    HostConfig: { NetworkMode: 'container:c1' },
    NetworkSettings: { Networks: {} },
  },
  {
    Id: 'c4',
    Names: ['/portless'],
    Labels: {},
    Ports: [{ PrivatePort: 53, Type: 'udp' }],
    HostConfig: { NetworkMode: 'inner' },
    NetworkSettings: { Networks: { inner: { IPAddress: '127.18.0.4', NetworkID: 'n2' } } },
  },
  {
    Id: 'c5',
    Names: ['/none'],
    Labels: {},
    Ports: [],
    HostConfig: { NetworkMode: 'none' },
    NetworkSettings: { Networks: {} },
  },
  {
    Id: 'c6',
    Names: ['/lonely'],
    Labels: {},
    Ports: [{ PrivatePort: 99, Type: 'tcp' }],
    HostConfig: { NetworkMode: 'container:gone' },
    NetworkSettings: { Networks: {} },
  },
];

const NODES = [
  {
    ID: 'node1',
    Spec: { Role: 'manager', Availability: 'active', Labels: { 'disk.type': 'ssd' } },
    Description: {
      Hostname: 'm1',
      Platform: { Architecture: 'x86_64', OS: 'linux' },
      Engine: { EngineVersion: '27.1.1' },
    },
    Status: { State: 'ready', Addr: '127.30.0.1' },
    ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '127.30.0.1:2377' },
  },
  {
    ID: 'node2',
    Spec: { Role: 'worker', Availability: 'drain', Labels: {} },
    Description: {
      Hostname: 'w1',
      Platform: { Architecture: 'aarch64', OS: 'linux' },
      Engine: { EngineVersion: '26.0.0' },
    },
    Status: { State: 'down', Addr: '127.30.0.2' },
  },
  {
    ID: 'node3',
    Spec: { Role: 'manager', Availability: 'active' },
    Description: { Hostname: 'm2', Platform: {}, Engine: {} },
    Status: { State: 'ready', Addr: '::1' },
    ManagerStatus: { Reachability: 'unreachable', Addr: '127.30.0.3:2377' },
  },
];

const SERVICES = [
  {
    ID: 's1',
    Spec: {
      Name: 'web',
      Labels: { 'com.docker.stack.namespace': 'shop' },
      Mode: { Replicated: { Replicas: 2 } },
      TaskTemplate: { ContainerSpec: { Image: 'web:1@sha256:0', Hostname: 'web-host' } },
    },
    Endpoint: {
      Ports: [
        { Name: 'http', Protocol: 'tcp', TargetPort: 8080, PublishedPort: 80, PublishMode: 'ingress' },
        { Protocol: 'udp', TargetPort: 53, PublishedPort: 53, PublishMode: 'ingress' },
        { Protocol: 'tcp', TargetPort: 9090, PublishedPort: 9091, PublishMode: 'host' },
      ],
      VirtualIPs: [
        { NetworkID: 'n2', Addr: '127.40.0.2/24' },
        { NetworkID: 'n3', Addr: '127.41.0.2/24' },
      ],
    },
    UpdateStatus: { State: 'completed' },
  },
  {
    ID: 's2',
    Spec: {
      Name: 'agent',
      Labels: {},
      Mode: { Global: {} },
      TaskTemplate: { ContainerSpec: { Image: 'agent:2' } },
    },
    Endpoint: { VirtualIPs: [{ NetworkID: 'n2', Addr: '127.40.0.3/24' }] },
  },
  {
    ID: 's3',
    Spec: { Name: 'job', Mode: { ReplicatedJob: {} }, TaskTemplate: { ContainerSpec: { Image: 'job:3' } } },
    Endpoint: { Ports: [{ Protocol: 'tcp', PublishedPort: 1, PublishMode: 'ingress' }] },
  },
];

const TASKS = [
  {
    ID: 't1',
    ServiceID: 's1',
    NodeID: 'node1',
    Slot: 1,
    DesiredState: 'running',
    Spec: { ContainerSpec: { Image: 'web:1', Labels: { 'my.label': 'x' } } },
    Status: {
      State: 'running',
      ContainerStatus: { ContainerID: 'cid1' },
      PortStatus: { Ports: [{ Protocol: 'tcp', PublishedPort: 32768, PublishMode: 'host' }] },
    },
    NetworksAttachments: [
      { Network: { ID: 'n2' }, Addresses: ['127.40.0.10/24'] },
      { Network: { ID: 'n3' }, Addresses: ['127.41.0.10/24', 'fd00::10/64'] },
    ],
  },
  {
    ID: 't2',
    ServiceID: 's2',
    NodeID: 'node2',
    DesiredState: 'shutdown',
    Spec: { ContainerSpec: { Image: 'agent:2' } },
    Status: { State: 'failed', PortStatus: {} },
    NetworksAttachments: [{ Network: { ID: 'n2' }, Addresses: ['127.40.0.11/24'] }],
  },
  {
    ID: 't3',
    ServiceID: 'gone',
    NodeID: 'gone',
    Slot: 3,
    DesiredState: 'running',
    Spec: {},
    Status: { State: 'pending', PortStatus: {} },
    NetworksAttachments: [{ Network: { ID: 'other' }, Addresses: ['127.40.0.12/24'] }],
  },
];

/** `requests` gets the path and query of each request but the pings. */
export function dockerListener(requests: string[] = [], version = '1.47'): RequestListener {
  const answers: Record<string, unknown> = {
    'containers/json': CONTAINERS,
    networks: NETWORKS,
    nodes: NODES,
    services: SERVICES,
    tasks: TASKS,
  };
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://docker');
    response.setHeader('Api-Version', version);
    response.setHeader('Content-Type', 'application/json');
    if (pathname === '/_ping') {
      response.end('OK');
      return;
    }
    requests.push(`${pathname}${searchParams.size > 0 ? ` ${searchParams.get('filters')}` : ''}`);
    const answer = answers[pathname.replace(/^\/v1\.\d+\//, '')];
    if (answer === undefined) response.writeHead(404).end('{"message": "page not found"}');
    else response.end(JSON.stringify(answer));
  };
}
