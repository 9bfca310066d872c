/**
 * Which family a hwmon attribute belongs to, and its unit: sysfs has millivolts, millidegrees and microwatts.
 * https://docs.kernel.org/hwmon/sysfs-interface.html
 */

export interface HwmonFamily {
  /** Without `node_hwmon_`. */
  name: string;
  help: string;
  /** From sysfs' unit to ours. */
  scale: (v: number) => number;
  counter: boolean;
}

/** Multiplied and divided as node_exporter does, so that the last bit agrees. */
const one = (v: number) => v;
const milli = (v: number) => v * 0.001;
const micro = (v: number) => v / 1e6;

/**
 * The family of element `element` (`input`, `max`, … or '') of a sensor of type `type` (`temp`, `fan`, …); undefined
 * where the attribute is no number to show. `hasBare` says whether the sensor also has the element ''.
 */
export function hwmonFamily(type: string, element: string, hasBare: boolean): HwmonFamily | undefined {
  if (element === 'label') return undefined;
  switch (type) {
    case 'beep_enable':
      return element === '' ? gauge('beep_enabled', 'Hardware beep enabled') : undefined;
    case 'vrm':
      return element === '' ? gauge('voltage_regulator_version', 'Hardware voltage regulator') : undefined;
    case 'update_interval':
      return element === ''
        ? gauge('update_interval_seconds', 'Hardware monitor update interval', milli)
        : undefined;
  }

  let name = type;
  // The reading itself (`temp1_input`) needs no suffix, unless there is a `temp1` too.
  if (element === 'input') name += hasBare ? '_input' : '';
  else if (element !== '') name += `_${metricName(element)}`;

  if (element === 'fault' || element === 'alarm') {
    return gauge(name, `Hardware sensor ${element} status (${type})`);
  }
  if (element === 'beep') return gauge(`${name}_enabled`, 'Hardware monitor sensor has beeping enabled');
  return withUnit(type, element, name) ?? gauge(name, `Hardware monitor ${type} element ${element}`);
}

function withUnit(type: string, element: string, name: string): HwmonFamily | undefined {
  switch (type) {
    case 'in':
    case 'cpu':
      return gauge(`${name}_volts`, `Hardware monitor for voltage (${element})`, milli);
    case 'temp':
      if (element === 'type') return undefined;
      return gauge(`${name}_celsius`, `Hardware monitor for temperature (${element || 'input'})`, milli);
    case 'curr':
      return gauge(`${name}_amps`, `Hardware monitor for current (${element})`, milli);
    case 'energy':
      return {
        name: `${name}_joule_total`,
        help: `Hardware monitor for joules used so far (${element})`,
        scale: micro,
        counter: true,
      };
    case 'power':
      if (element === 'accuracy') {
        return gauge(name, 'Hardware monitor power meter accuracy, as a ratio', micro);
      }
      if (/^average_interval(_min|_max)?$/.test(element)) {
        const help = `Hardware monitor power usage update interval (${element})`;
        return gauge(`${name}_seconds`, help, milli);
      }
      return gauge(`${name}_watt`, `Hardware monitor for power usage in watts (${element})`, micro);
    case 'humidity': {
      const ratio = 'as a ratio (multiply with 100.0 to get the humidity as a percentage)';
      return gauge(name, `Hardware monitor for humidity, ${ratio} (${element})`, micro);
    }
    case 'fan':
      if (!['input', 'min', 'max', 'target'].includes(element)) return undefined;
      return gauge(`${name}_rpm`, `Hardware monitor for fan revolutions per minute (${element})`);
    case 'freq':
      if (element !== 'input') return undefined;
      return gauge(`${name}_freq_mhz`, 'Hardware monitor for GPU frequency in MHz', micro);
    default:
      return undefined;
  }
}

function gauge(name: string, help: string, scale = one): HwmonFamily {
  return { name, help, scale, counter: false };
}

/** A driver's word as part of a metric's name or as a stable label: lower case, all else underscores. */
export function metricName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '');
}
