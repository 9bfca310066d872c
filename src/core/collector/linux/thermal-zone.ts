/** Thermal zones and cooling devices. Attributes: https://docs.kernel.org/driver-api/thermal/sysfs-api.html */

import { attribute, numericAttribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder } from '../files.ts';

export const thermalZone: Collector = {
  name: 'thermal_zone',
  collect({ files }, out) {
    const names = listFolder(files.sys('class/thermal')) ?? [];
    const temperature = out.gauge('node_thermal_zone_temp', 'Zone temperature in Celsius', 'zone', 'type');
    const current = out.gauge(
      'node_cooling_device_cur_state',
      'Current throttle state of the cooling device',
      'name',
      'type',
    );
    const maximum = out.gauge(
      'node_cooling_device_max_state',
      'Maximum throttle state of the cooling device',
      'name',
      'type',
    );
    for (const name of names) {
      const folder = files.sys(`class/thermal/${name}`);
      const type = attribute(`${folder}/type`);
      if (type === undefined) continue;
      const zone = /^thermal_zone(\d+)$/.exec(name)?.[1];
      if (zone !== undefined) {
        // A sensor that is asleep refuses to be read.
        const milliCelsius = numericAttribute(`${folder}/temp`);
        if (milliCelsius !== undefined) temperature.add(milliCelsius / 1000, zone, type);
      }
      const device = /^cooling_device(\d+)$/.exec(name)?.[1];
      const state = numericAttribute(`${folder}/cur_state`);
      const limit = numericAttribute(`${folder}/max_state`);
      if (device === undefined || state === undefined || limit === undefined) continue;
      current.add(state, device, type);
      maximum.add(limit, device, type);
    }
    return true;
  },
};
