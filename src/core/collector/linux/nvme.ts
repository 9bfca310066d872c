/** NVMe controllers and their namespaces, from /sys/class/nvme/. */
import type { Collector } from '../collector.ts';
import { attribute, listFolder, numericAttribute } from '../files.ts';

/** The `size` of a namespace is in 512-byte sectors in sysfs; node_exporter takes it for blocks, and so do we. */
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
      const text = (name: string) => attribute(`${root}/${device}/${name}`) ?? '';
      info.add(1, device, text('firmware_rev'), text('model'), text('serial'), text('state'), text('cntlid'));
      for (const name of listFolder(`${root}/${device}`) ?? []) {
        const nsid = /^nvme\d+n(\d+)$/.exec(name)?.[1];
        if (nsid === undefined) continue;
        const folder = `${root}/${device}/${name}`;
        const block = numericAttribute(`${folder}/queue/logical_block_size`);
        const blocks = numericAttribute(`${folder}/size`);
        const blocksUsed = numericAttribute(`${folder}/nuse`);
        // Kernels before 6.8 do not tell how much is used, and then node_exporter says nothing of the namespace.
        if (block === undefined || blocks === undefined || blocksUsed === undefined) continue;
        namespaceInfo.add(1, device, nsid, attribute(`${folder}/ana_state`) ?? 'unknown');
        capacity.add(blocks * block, device, nsid);
        size.add(blocks * block, device, nsid);
        used.add(blocksUsed * block, device, nsid);
        blockSize.add(block, device, nsid);
      }
    }
    return true;
  },
};
