import { expect, it } from 'vitest';
import { read, samples, unpackTree, value } from '../tree.ts';

it('netdev counts traffic by device, whether or not a space follows the colon', () => {
  const options = { collectors: ['netdev'] };
  const server = read(unpackTree('server'), options);
  expect(samples(server, 'node_network_receive_bytes_total')).toEqual([
    '{device="docker0"} 0',
    '{device="eth0"} 68210035552',
    '{device="lo"} 435303245',
    '{device="wlp2s0.100"} 10437182923',
  ]);
  expect(samples(server, 'node_network_transmit_carrier_total')).toContain('{device="eth0"} 25');
  expect(samples(server, 'node_network_receive_nohandler_total')).toEqual(['{device="eth0"} 77']);
  expect(samples(read(unpackTree('legacy'), options), 'node_network_transmit_compressed_total')).toEqual([
    '{device="eth0"} 12',
    '{device="eth0:1"} 0',
    '{device="lo"} 0',
  ]);
});

it('netdev and netclass leave out the devices that they are told to', () => {
  const reading = read(unpackTree('server'), {
    collectors: ['netdev', 'netclass'],
    netDevicesExclude: { matches: (name) => name !== 'lo' },
    netClassDevicesExclude: { matches: (name) => name.startsWith('bond') },
  });
  expect(samples(reading, 'node_network_receive_packets_total')).toEqual(['{device="lo"} 1832522']);
  expect(samples(reading, 'node_network_up')).toEqual(['{device="eth0"} 1']);
});

it('netclass tells the properties that a device has', () => {
  const reading = read(unpackTree('server'), { collectors: ['netclass'] });
  expect(samples(reading, 'node_network_info')).toEqual([
    '{address="01:01:01:01:01:01", adminstate="down", device="bond0", operstate="down"} 1',
    '{address="02:00:5e:00:00:aa", adminstate="up", broadcast="ff:ff:ff:ff:ff:ff", device="eth0", duplex="full", ifalias="uplink", operstate="up"} 1',
  ]);
  expect(samples(reading, 'node_network_flags')).toEqual(['{device="bond0"} 4866', '{device="eth0"} 4867']);
  expect(samples(reading, 'node_network_speed_bytes')).toEqual([
    '{device="bond0"} -125000',
    '{device="eth0"} 125000000',
  ]);
  expect(samples(reading, 'node_network_device_id')).toEqual(['{device="eth0"} 32']);
  expect(reading.families.get('node_network_carrier_changes_total')?.type).toBe('counter');
});

it('netstat takes the fields that it is told to, from all three files', () => {
  const reading = read(unpackTree('server'), {
    collectors: ['netstat'],
    netstatFields: { matches: (name) => /RtoMax|InNoRoutes|Udp6_NoPorts|MaxConn/.test(name) },
  });
  expect([...reading.families.keys()].filter((name) => name.startsWith('node_netstat'))).toEqual([
    'node_netstat_IpExt_InNoRoutes',
    'node_netstat_Tcp_MaxConn',
    'node_netstat_Tcp_RtoMax',
    'node_netstat_Udp6_NoPorts',
  ]);
  expect(value(reading, 'node_netstat_Tcp_MaxConn')).toBe(-1);
  expect(reading.families.get('node_netstat_Tcp_RtoMax')).toMatchObject({
    type: 'unknown',
    help: 'Statistic TcpRtoMax.',
  });
});

it('sockstat turns pages into bytes', () => {
  const reading = read(unpackTree('server'), { collectors: ['sockstat'] });
  const pages = value(reading, 'node_sockstat_TCP_mem')!;
  const bytes = value(reading, 'node_sockstat_TCP_mem_bytes')!;
  expect([4096, 16384, 65536]).toContain(bytes / pages);
  expect(value(reading, 'node_sockstat_sockets_used')).toBe(229);
  expect(value(reading, 'node_sockstat_FRAG6_memory')).toBe(4);
});

it('softnet takes the CPU from the row where the kernel prints it, else counts rows', () => {
  const reading = read(
    unpackTree('server', {
      'proc/net/softnet_stat': `${'00000001 '.repeat(12)}00000004\n${'00000002 '.repeat(12)}00000007\n`,
    }),
    { collectors: ['softnet'] },
  );
  expect(samples(reading, 'node_softnet_processed_total')).toEqual(['{cpu="4"} 1', '{cpu="7"} 2']);
  const legacy = read(unpackTree('legacy'), { collectors: ['softnet'] });
  expect(samples(legacy, 'node_softnet_cpu_collision_total')).toEqual(['{cpu="0"} 0', '{cpu="1"} 8']);
  expect(samples(legacy, 'node_softnet_backlog_len')).toEqual(['{cpu="0"} 0', '{cpu="1"} 0']);
});

it('conntrack sums the hexadecimal rows of all CPUs', () => {
  const reading = read(unpackTree('server'), { collectors: ['conntrack'] });
  expect(value(reading, 'node_nf_conntrack_stat_ignore')).toBe(0x588a + 0x56a4);
  expect(value(reading, 'node_nf_conntrack_entries_limit')).toBe(65536);
});

it('arp, bonding and udp_queues count', () => {
  const reading = read(unpackTree('server'), { collectors: ['arp', 'bonding', 'udp_queues'] });
  expect(samples(reading, 'node_arp_entries')).toEqual(['{device="docker0"} 1', '{device="eth0"} 2']);
  expect(samples(reading, 'node_bonding_slaves')).toEqual(['{master="bond0"} 2']);
  expect(samples(reading, 'node_bonding_active')).toEqual(['{master="bond0"} 1']);
  expect(samples(reading, 'node_udp_queues')).toEqual([
    '{ip="v4", queue="rx"} 34',
    '{ip="v4", queue="tx"} 17',
    '{ip="v6", queue="rx"} 256',
    '{ip="v6", queue="tx"} 0',
  ]);
});

it('ipvs writes addresses as people do', () => {
  const reading = read(unpackTree('server'), { collectors: ['ipvs'] });
  expect(value(reading, 'node_ipvs_incoming_bytes_total')).toBe(0x51d8c8883ab3);
  expect(samples(reading, 'node_ipvs_backend_connections_active')).toEqual([
    '{local_address="192.168.0.22", local_port="3306", proto="TCP", remote_address="192.168.82.22", remote_port="3306"} 248',
    '{local_address="192.168.0.22", local_port="3306", proto="TCP", remote_address="192.168.83.24", remote_port="3306"} 249',
    '{local_address="2620::1", local_port="80", proto="TCP", remote_address="2620::2", remote_port="80"} 0',
    '{local_mark="10001000", local_port="0", proto="FWM", remote_address="192.168.50.26", remote_port="3306"} 64',
  ]);
});
