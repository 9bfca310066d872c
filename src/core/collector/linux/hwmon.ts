/**
 * Sensors of the hardware: temperatures, fans, voltages. Attributes:
 * https://docs.kernel.org/hwmon/sysfs-interface.html
 */
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Attributes, attribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, numberOrUndefined } from '../files.ts';
import { hwmonFamily, metricName } from './hwmon-family.ts';

const SENSOR_TYPES = new Set(
  'vrm beep_enable update_interval in cpu fan pwm temp curr power energy humidity intrusion freq'.split(' '),
);

interface Sensor {
  type: string;
  /** Element (`input`, `max`, … or '' for an attribute without one) -> its text. */
  elements: Map<string, string>;
}

export const hwmon: Collector = {
  name: 'hwmon',
  collect({ files, settings }, out) {
    const root = files.sys('class/hwmon');
    const names = listFolder(root);
    if (names === undefined) return false;
    const seen = new Set<string>();
    for (const name of names) {
      const folder = `${root}/${name}`;
      const chip = chipName(folder);
      if (chip !== undefined && !settings.hwmonChipsExclude.matches(chip)) {
        collectChip(out, folder, chip, seen);
      }
    }
    return true;
  },
};

/**
 * Two monitors may sit on one device and then have the same chip name: `seen` keeps what was said of it (family and
 * sensor), so that no series gets two samples.
 */
function collectChip(out: Families, folder: string, chip: string, seen: Set<string>): void {
  const isNew = (family: string, sensor: string) => {
    const key = `${family}\0${chip}\0${sensor}`;
    return !seen.has(key) && seen.add(key);
  };
  const humanName = metricName(attribute(`${folder}/name`) ?? '');
  if (humanName !== '' && isNew('chip_names', humanName)) {
    out
      .gauge('node_hwmon_chip_names', 'Annotation metric for human-readable chip names', 'chip', 'chip_name')
      .add(1, chip, humanName);
  }

  const sensors = new Map<string, Sensor>();
  readSensors(folder, sensors);
  // Drivers of old put the attributes beside the device rather than under hwmonN.
  readSensors(`${folder}/device`, sensors);
  for (const [sensor, { type, elements }] of sensors) {
    const label = elements.get('label') ?? '';
    if (label !== '' && isNew('sensor_label', sensor)) {
      out
        .gauge('node_hwmon_sensor_label', 'Label for given chip and sensor', 'chip', 'sensor', 'label')
        .add(1, chip, sensor, label);
    }
    // The clocks of GPUs are known by their labels (`sclk`, `mclk`) alone.
    const sensorLabel = type === 'freq' ? metricName(label) : sensor;
    for (const [element, text] of elements) {
      const family = hwmonFamily(type, element, elements.has(''));
      const v = numberOrUndefined(text);
      if (family === undefined || v === undefined || sensorLabel === '') continue;
      if (!isNew(family.name, sensorLabel)) continue;
      const name = `node_hwmon_${family.name}`;
      const writer = family.counter
        ? out.counter(name, family.help, 'chip', 'sensor')
        : out.gauge(name, family.help, 'chip', 'sensor');
      writer.add(family.scale(v), chip, sensorLabel);
    }
  }
}

/** Adds the attributes in `folder`, named `<type><number>_<element>`, to the sensors. */
function readSensors(folder: string, sensors: Map<string, Sensor>): void {
  const attributes = Attributes.in(folder);
  for (const name of attributes?.names ?? []) {
    const match = /^([^0-9]+)([0-9]*)(?:_(.+))?$/.exec(name);
    if (match === null || !SENSOR_TYPES.has(match[1])) continue;
    // A sensor that is not connected refuses to be read.
    const text = attributes!.text(name);
    if (text === '') continue;
    const key = `${match[1]}${Number(match[2])}`;
    let sensor = sensors.get(key);
    if (sensor === undefined) {
      sensor = { type: match[1], elements: new Map() };
      sensors.set(key, sensor);
    }
    sensor.elements.set(match[3] ?? '', text);
  }
}

/**
 * A name that stays when drivers load in another order, which `hwmonN` does not: the device's bus and name
 * (`platform_coretemp_0`), else what the driver calls itself, else the folder.
 */
function chipName(folder: string): string | undefined {
  try {
    const device = realpathSync(`${folder}/device`);
    const name = metricName(basename(device));
    const bus = metricName(basename(dirname(device)));
    if (name !== '') return bus === '' ? name : `${bus}_${name}`;
  } catch {
    // A chip without a device, such as a thermal zone.
  }
  const name = metricName(attribute(`${folder}/name`) ?? '');
  if (name !== '') return name;
  try {
    return metricName(basename(realpathSync(folder)));
  } catch {
    return undefined;
  }
}
