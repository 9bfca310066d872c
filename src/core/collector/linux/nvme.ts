/** NVMe controllers and their namespaces, from /sys/class/nvme/. */

import { Attributes, numericAttribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder } from '../files.ts';

export const nvme: Collector = {
  name: 'nvme',
  collect({ files }, out) {
    const root = files.sys('class/nvme');
    const devices = listFolder(root);
    if (devices === undefined) return false;
    const info = out.gauge(
      'node_nvme_info',
      'Non-numeric data from /sys/class/nvme/<device>, value is always 1.',
      ...['device', 'firmware_revision', 'model', 'serial', 'state', 'cntlid'],
    );
    const namespace = (name: string, help: string, ...labels: string[]) =>
      out.gauge(`node_nvme_namespace_${name}`, help, 'device', 'nsid', ...labels);
    const namespaceInfo = namespace(
      'info',
      'Information about NVMe namespaces. Value is always 1',
      'ana_state',
    );
    const capacity = namespace(
      'capacity_bytes',
      'Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size',
    );
    const size = namespace(
      'size_bytes',
      'Size of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/size',
    );
    const used = namespace(
      'used_bytes',
      'Used space of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/nuse',
    );
    const blockSize = namespace(
      'logical_block_size_bytes',
      'Logical block size of the NVMe namespace in bytes. Usually 4Kb. Available in /sys/class/nvme/<device>/<namespace>/queue/logical_block_size',
    );

    for (const device of devices) {
      const controller = Attributes.in(`${root}/${device}`);
      if (controller === undefined) continue;
      info.add(
        1,
        device,
        ...['firmware_rev', 'model', 'serial', 'state', 'cntlid'].map((name) => controller.text(name)),
      );
      for (const name of controller.names) {
        const nsid = /^nvme\d+n(\d+)$/.exec(name)?.[1];
        const attributes = nsid === undefined ? undefined : Attributes.in(`${root}/${device}/${name}`);
        if (nsid === undefined || attributes === undefined) continue;
        const block = numericAttribute(`${attributes.path}/queue/logical_block_size`);
        const blocks = attributes.number('size');
        const blocksUsed = attributes.number('nuse');
        // Kernels before 6.8 do not tell how much is used, and then node_exporter says nothing of the namespace.
        if (block === undefined || blocks === undefined || blocksUsed === undefined) continue;
        namespaceInfo.add(1, device, nsid, attributes.text('ana_state') || 'unknown');
        capacity.add(blocks * block, device, nsid);
        // sysfs counts 512-byte sectors here; node_exporter takes them for blocks, and so do we.
        size.add(blocks * block, device, nsid);
        used.add(blocksUsed * block, device, nsid);
        blockSize.add(block, device, nsid);
      }
    }
    return true;
  },
};
