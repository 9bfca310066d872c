import { expect, it } from 'vitest';
import { read, samples, unpackTree, value } from '../tree.ts';

const ONLY = { collectors: ['hwmon'] };

it('gives readings in base units, named after their sensors', () => {
  const reading = read(unpackTree('server'), ONLY);
  const of = (name: string) => samples(reading, `node_hwmon_${name}`);
  expect(of('in_volts')).toEqual(['{chip="nct_6779", sensor="in0"} 0.792']);
  expect(of('curr_amps')).toEqual(['{chip="nct_6779", sensor="curr1"} 1.5']);
  expect(of('power_watt')).toEqual(['{chip="nct_6779", sensor="power1"} 0.9']);
  expect(of('power_average_interval_seconds')).toEqual(['{chip="nct_6779", sensor="power1"} 0.3']);
  expect(of('energy_joule_total')).toEqual(['{chip="nct_6779", sensor="energy1"} 4.2']);
  expect(reading.families.get('node_hwmon_energy_joule_total')?.type).toBe('counter');
  expect(of('humidity')).toEqual(['{chip="nct_6779", sensor="humidity1"} 0.04321']);
  expect(of('fan_rpm')).toEqual([
    '{chip="nct_6779", sensor="fan1"} 1098',
    '{chip="nct_6779", sensor="fan2"} 1099',
  ]);
  expect(of('pwm_auto_point1_pwm')).toEqual(['{chip="nct_6779", sensor="pwm1"} 153']);
  expect(of('update_interval_seconds')).toEqual(['{chip="nct_6779", sensor="update_interval0"} 1']);
  expect(value(reading, 'node_hwmon_beep_enabled')).toBe(1);
});

it('names chips by their device, else by their driver, else by their folder', () => {
  expect(samples(read(unpackTree('server'), ONLY), 'node_hwmon_temp_celsius')).toEqual([
    '{chip="hwmon2", sensor="temp1"} 33',
    '{chip="nct_6779", sensor="temp1"} 55.001',
    '{chip="platform_coretemp_0", sensor="temp1"} 45',
    '{chip="platform_coretemp_0", sensor="temp7"} 7',
  ]);
});

it('keeps labels, and knows GPU clocks by them', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(samples(reading, 'node_hwmon_sensor_label')).toContain(
    '{chip="nct_6779", label="SYS TIN (1)", sensor="temp1"} 1',
  );
  expect(samples(reading, 'node_hwmon_freq_freq_mhz')).toEqual(['{chip="nct_6779", sensor="sclk"} 300']);
});

it('passes over what is no number', () => {
  const reading = read(
    unpackTree('server', {
      'sys/class/hwmon/hwmon2/temp1_input': 'hot\n',
      'sys/class/hwmon/hwmon2/temp2_input': '\n',
    }),
    ONLY,
  );
  expect(reading.failures).toEqual([]);
  expect(samples(reading, 'node_hwmon_temp_celsius')?.join()).not.toContain('hwmon2');
});

it('leaves out the chips that it is told to', () => {
  const options = { ...ONLY, hwmonChipsExclude: { matches: (chip: string) => chip !== 'hwmon2' } };
  expect(samples(read(unpackTree('server'), options), 'node_hwmon_temp_celsius')).toEqual([
    '{chip="hwmon2", sensor="temp1"} 33',
  ]);
});
