/** The operating system's name and version, from os-release(5). */
import type { Collector } from '../collector.ts';
import { readTextIfAny } from '../files.ts';

const PATHS = ['/etc/os-release', '/usr/lib/os-release'];

const INFO_LABELS = [
  ...['build_id', 'id', 'id_like', 'image_id', 'image_version', 'name', 'pretty_name'],
  ...['variant', 'variant_id', 'version', 'version_codename', 'version_id'],
];

export const osRelease: Collector = {
  name: 'os',
  collect({ files }, out) {
    const text = PATHS.map((path) => readTextIfAny(files.rootfs(path))).find((found) => found !== undefined);
    if (text === undefined) return false;
    const release = parseOsRelease(text);
    const value = (label: string) => release.get(label.toUpperCase()) ?? '';

    out
      .gauge(
        'node_os_info',
        `A metric with a constant '1' value labeled by ${INFO_LABELS.join(', ')}.`,
        ...INFO_LABELS,
      )
      .add(1, ...INFO_LABELS.map(value));

    const version = Number.parseFloat(/^\d+(\.\d+)?/.exec(value('version_id'))?.[0] ?? '');
    if (version > 0) {
      out
        .gauge(
          'node_os_version',
          'Metric containing the major.minor part of the OS version.',
          ...['id', 'id_like', 'name'],
        )
        .add(version, value('id'), value('id_like'), value('name'));
    }
    const supportEnd = value('support_end');
    if (/^\d{4}-\d{2}-\d{2}$/.test(supportEnd)) {
      out
        .gauge(
          'node_os_support_end_timestamp_seconds',
          'Metric containing the end-of-life date timestamp of the OS.',
        )
        .add(Date.parse(supportEnd) / 1000);
    }
    return true;
  },
};

/** `NAME=value` lines; values may be quoted as in a shell. */
function parseOsRelease(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*?))\s*$/.exec(line);
    if (match !== null)
      fields.set(match[1], (match[2] ?? match[3] ?? match[4]).replace(/\\(["'$`\\])/g, '$1'));
  }
  return fields;
}
