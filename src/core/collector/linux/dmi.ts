/** Who made the machine, from /sys/class/dmi/id/. Serial numbers are readable for root only. */

import { Attributes } from '../attributes.ts';
import type { Collector } from '../collector.ts';

const LABELS = [
  ...['bios_date', 'bios_release', 'bios_vendor', 'bios_version'],
  ...['board_asset_tag', 'board_name', 'board_serial', 'board_vendor', 'board_version'],
  ...['chassis_asset_tag', 'chassis_serial', 'chassis_vendor', 'chassis_version'],
  ...['product_family', 'product_name', 'product_serial', 'product_sku', 'product_uuid', 'product_version'],
  'system_vendor',
];

export const dmi: Collector = {
  name: 'dmi',
  collect({ files }, out) {
    const attributes = Attributes.in(files.sys('class/dmi/id'));
    if (attributes === undefined) return false;
    const values = LABELS.map((label) => attributes.text(label === 'system_vendor' ? 'sys_vendor' : label));
    out
      .gauge(
        'node_dmi_info',
        `A metric with a constant '1' value labeled by ${LABELS.join(', ')} if provided by DMI.`,
        ...LABELS,
      )
      .add(1, ...values);
    return true;
  },
};
