/** The `…_sd_configs` lists of a section, and `static_configs`. */
import type {
  AcceptedDiscoveryConfig,
  DiscoveryConfig,
  StaticDiscoveryConfig,
  TargetGroupConfig,
} from '../../discovery/sd-config.ts';
import { mechanisms } from '../mechanisms/index.ts';
import type { Mechanism } from '../mechanisms/mechanism.ts';
import type { Printable } from '../printable.ts';
import { type Checked, join, list, optionalField, Struct, text } from '../schema/index.ts';
import type { Extension } from '../schema/struct.ts';
import type { Type } from '../schema/type.ts';
import { labelSet } from './labels.ts';

const STATIC = 'static_configs';

const targetGroup = new Struct<TargetGroupConfig>('targetgroup.Group', [
  { ...optionalField('targets', list(text)), omitEmpty: false },
  optionalField('labels', labelSet),
]);

/** The mechanism behind each key; the typed ones keep their settings at hand, the others in `settings`. */
const byKey: ReadonlyMap<string, Mechanism & { name: string }> = new Map(
  [...mechanisms].map(([name, mechanism]) => [`${name}_sd_configs`, { name, ...mechanism }]),
);

/** As a part of a section; what it reads is the section's `discovery`. */
export const discovery: Extension = {
  prop: 'discovery',
  extension: {
    keys: [...byKey.keys(), STATIC].sort(),
    zero: () => [],
    read(reader, values, path): DiscoveryConfig[] {
      const found: DiscoveryConfig[] = [];
      for (const [key, node] of values) {
        if (node === null || reader.document.isNull(node)) continue;
        const at = join(path, key);
        const read = <T>(type: Type<T>) =>
          list(type, { onNull: `empty or null section in ${key}` }).read(reader, node, at);
        const mechanism = byKey.get(key);
        if (mechanism === undefined) {
          const groups = read(targetGroup);
          if (groups.length > 0) found.push({ mechanism: 'static', groups });
          continue;
        }
        for (const settings of read(mechanism.struct as Type<object>)) {
          const config = mechanism.runs
            ? { mechanism: mechanism.name, ...settings }
            : { mechanism: mechanism.name, settings };
          found.push(config as DiscoveryConfig);
        }
      }
      return found;
    },
    print(configs: readonly DiscoveryConfig[]): [string, Printable][] {
      const keys = [...new Set(configs.map(keyOf))].sort();
      return keys.map((key) => {
        const own = configs.filter((config) => keyOf(config) === key);
        if (key === STATIC) {
          const { groups } = own[0] as StaticDiscoveryConfig;
          return [key, { items: groups.map((group) => targetGroup.print(group)) }];
        }
        const { struct } = byKey.get(key)!;
        const items = own.map((config) =>
          struct.print('settings' in config ? (config as AcceptedDiscoveryConfig).settings : config),
        );
        return [key, { items }];
      });
    },
  },
};

function keyOf({ mechanism }: DiscoveryConfig): string {
  return mechanism === 'static' ? STATIC : `${mechanism}_sd_configs`;
}

/** URLs among static targets are a mistake, unless rules may still make addresses of them. */
export function checkStaticTargets(configs: readonly DiscoveryConfig[], at: Checked): void {
  for (const config of configs) {
    if (config.mechanism !== 'static') continue;
    for (const [i, group] of config.groups.entries()) {
      for (const [j, target] of group.targets.entries()) {
        if (target.includes('/'))
          at.fault(`${JSON.stringify(target)} is not a valid hostname`, `${STATIC}[${i}].targets[${j}]`);
      }
    }
  }
}
