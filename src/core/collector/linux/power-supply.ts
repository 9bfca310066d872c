/**
 * Batteries and mains, from /sys/class/power_supply/. Attributes:
 * https://docs.kernel.org/power/power_supply_class.html; amperes, volts and watts are in millionths there,
 * temperatures in tenths.
 */

import { Attributes } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder } from '../files.ts';

/** Attributes whose family has another name: `current_now` is `node_power_supply_current_ampere`. */
const RENAMED: Readonly<Record<string, string>> = {
  charge_now: 'charge_ampere',
  current_now: 'current_ampere',
  cycle_count: 'cyclecount',
  energy_now: 'energy_watthour',
  power_now: 'power_watt',
  time_to_empty_now: 'time_to_empty_seconds',
  time_to_full_now: 'time_to_full_seconds',
  voltage_now: 'voltage_volt',
};

const PLAIN = `authentic calibrate capacity capacity_alert_max capacity_alert_min cycle_count online present
  time_to_empty_now time_to_full_now`.split(/\s+/);

const MILLIONTHS =
  `current_boot current_max current_now energy_empty energy_empty_design energy_full energy_full_design energy_now
  voltage_boot voltage_max voltage_max_design voltage_min voltage_min_design voltage_now voltage_ocv
  charge_control_limit charge_control_limit_max charge_counter charge_empty charge_empty_design charge_full
  charge_full_design charge_now charge_term_current constant_charge_current constant_charge_current_max
  constant_charge_voltage constant_charge_voltage_max precharge_current input_current_limit power_now`.split(
    /\s+/,
  );

const TENTHS =
  'temp temp_alert_max temp_alert_min temp_ambient temp_ambient_max temp_ambient_min temp_max temp_min'.split(
    ' ',
  );

/** Attribute -> divisor. */
const DIVISORS: ReadonlyMap<string, number> = new Map([
  ...PLAIN.map((name): [string, number] => [name, 1]),
  ...MILLIONTHS.map((name): [string, number] => [name, 1e6]),
  ...TENTHS.map((name): [string, number] => [name, 10]),
]);

const INFO_LABELS = [
  ...['capacity_level', 'charge_type', 'health', 'manufacturer', 'model_name', 'serial_number', 'status'],
  ...['technology', 'type', 'usb_type', 'scope'],
];

export const powerSupply: Collector = {
  name: 'powersupplyclass',
  collect({ files, settings }, out) {
    const root = files.sys('class/power_supply');
    const supplies = listFolder(root);
    if (supplies === undefined) return false;
    for (const supply of supplies) {
      if (settings.powerSuppliesExclude.matches(supply)) continue;
      const attributes = Attributes.in(`${root}/${supply}`);
      if (attributes === undefined) continue;
      for (const name of attributes.names) {
        const divisor = DIVISORS.get(name);
        const v = divisor === undefined ? undefined : attributes.number(name);
        if (divisor === undefined || v === undefined) continue;
        const family = divisor === 10 ? `${name}_celsius` : (RENAMED[name] ?? name);
        out
          .gauge(
            `node_power_supply_${family}`,
            `${family} value of /sys/class/power_supply/<power_supply>.`,
            'power_supply',
          )
          .add(v / divisor, supply);
      }
      out
        .gauge(
          'node_power_supply_info',
          'info of /sys/class/power_supply/<power_supply>.',
          'power_supply',
          ...INFO_LABELS,
        )
        .add(1, supply, ...INFO_LABELS.map((name) => attributes.text(name)));
    }
    return true;
  },
};
