/** The clock, its time zone, and the clock sources of the kernel. */

import { attribute } from './attributes.ts';
import type { Collector } from './collector.ts';
import { listFolder, words } from './files.ts';
import { timeZone } from './time-zone.ts';

export const time: Collector = {
  name: 'time',
  collect({ files, clock }, out) {
    const now = clock.now();
    out.gauge('node_time_seconds', 'System time in seconds since epoch (1970).').add(now / 1000);
    const zone = timeZone(now);
    out
      .gauge('node_time_zone_offset_seconds', 'System time zone offset in seconds.', 'time_zone')
      .add(zone.offsetSeconds, zone.name);

    const available = out.gauge(
      'node_time_clocksource_available_info',
      "Available clocksources read from '/sys/devices/system/clocksource'.",
      'device',
      'clocksource',
    );
    const current = out.gauge(
      'node_time_clocksource_current_info',
      "Current clocksource read from '/sys/devices/system/clocksource'.",
      'device',
      'clocksource',
    );
    const folder = files.sys('devices/system/clocksource');
    for (const name of listFolder(folder) ?? []) {
      const device = /^clocksource(\d+)$/.exec(name)?.[1];
      if (device === undefined) continue;
      for (const source of words(attribute(`${folder}/${name}/available_clocksource`) ?? '')) {
        available.add(1, device, source);
      }
      current.add(1, device, attribute(`${folder}/${name}/current_clocksource`) ?? '');
    }
    return true;
  },
};
