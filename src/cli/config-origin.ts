/** The effective configuration line by line, each value with where it comes from. */
import { type Config, type Origin, type Origins, toYamlLines } from '../core/config/index.ts';
import { formatPlace } from '../core/errors.ts';

export interface OriginLine {
  /** YAML. */
  text: string;
  path: string;
  /** Undefined for lines that only open a section. */
  origin: Origin | undefined;
}

export function originLines(config: Config, origins: Origins): OriginLine[] {
  return toYamlLines(config, { included: true }).map(({ text, path, value }) => ({
    text,
    path,
    origin: value ? originOf(path, origins) : undefined,
  }));
}

/** `prometheus.yml:3:5`, `global: prometheus.yml:2:20`, `default`. */
export function originText(origin: Origin, origins: Origins): string {
  if (origin.kind === 'file') return formatPlace(origin.place);
  if (origin.kind === 'default') return 'default';
  const source = origins.get(origin.key);
  return `${origin.key.replace(/\..*/, '')}: ${source?.kind === 'file' ? formatPlace(source.place) : 'default'}`;
}

/** Elements of a list come from where the list does; older spellings, from where the section does. */
function originOf(path: string, origins: Origins): Origin {
  const own = origins.get(path);
  if (own !== undefined) return own;
  const list = path.replace(/\[\d+\]$/, '');
  return (list === path ? undefined : origins.get(list)) ?? { kind: 'default' };
}
