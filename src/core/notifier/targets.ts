/** From the labels of discovered targets to the URLs of Alertmanagers. */
import { posix } from 'node:path';
import type { Labels } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { relabel } from '../relabel/index.ts';
import type { AlertmanagerConfig } from './alertmanager-config.ts';

export interface AlertmanagerTargets {
  active: URL[];
  /** As the URLs would be, had relabelling kept them. */
  dropped: string[];
}

export const NO_TARGETS: AlertmanagerTargets = { active: [], dropped: [] };

const ALERTS_PATH = '/api/v2/alerts';

export function endpointUrls(targets: readonly Labels[], config: AlertmanagerConfig): AlertmanagerTargets {
  const active = new Map<string, URL>();
  const dropped: string[] = [];
  for (const target of targets) {
    const labels = withDefaults(target, config);
    const kept = relabel(labels, config.relabelConfigs);
    const url = urlOf(kept ?? labels);
    if (url === undefined) continue;
    if (kept === null) dropped.push(url.href);
    else active.set(url.href, url);
  }
  return { active: [...active.values()], dropped };
}

function withDefaults(target: Labels, { scheme, pathPrefix }: AlertmanagerConfig): Labels {
  const builder = new LabelsBuilder(target);
  if (!target.has('__scheme__')) builder.set('__scheme__', scheme);
  if (!target.has('__alerts_path__'))
    builder.set('__alerts_path__', posix.join('/', pathPrefix, ALERTS_PATH));
  return builder.labels();
}

/** Undefined where the labels make no address. */
function urlOf(labels: Labels): URL | undefined {
  const address = labels.get('__address__');
  if (address === '' || address.includes('/')) return undefined;
  const url = `${labels.get('__scheme__')}://${address}${labels.get('__alerts_path__')}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}
