/** From settings to discoverers: what each mechanism needs is loaded when one is configured. */
import { InputError } from '../errors.ts';
import { labelsFromObject } from '../model/labels.ts';
import type { Discoverer, DiscoveryResources, DiscoverySetup } from './discoverer.ts';
import type { DiscoveryConfig, StaticDiscoveryConfig } from './sd-config.ts';
import { addressLabels, type TargetGroup } from './target-group.ts';

export function discoverySetup(config: DiscoveryConfig, resources: DiscoveryResources): DiscoverySetup {
  return {
    mechanism: config.mechanism,
    key: JSON.stringify(config),
    open: () => open(config, resources),
  };
}

/** Those of one job. */
export function discoverySetups(
  configs: readonly DiscoveryConfig[],
  resources: DiscoveryResources,
): DiscoverySetup[] {
  return configs.map((config) => discoverySetup(config, resources));
}

async function open(config: DiscoveryConfig, resources: DiscoveryResources): Promise<Discoverer> {
  switch (config.mechanism) {
    case 'static': {
      const { StaticDiscoverer } = await import('./static.ts');
      return new StaticDiscoverer(staticGroups(config));
    }
    case 'file': {
      const { FileDiscoverer } = await import('./file.ts');
      return new FileDiscoverer(config);
    }
    case 'dns': {
      const { DnsDiscoverer } = await import('./dns/index.ts');
      return new DnsDiscoverer(config);
    }
    case 'http': {
      const { HttpDiscoverer } = await import('./http.ts');
      return new HttpDiscoverer(config, resources);
    }
    case 'consul': {
      const { ConsulDiscoverer } = await import('./consul/index.ts');
      return new ConsulDiscoverer(config, resources);
    }
    case 'kubernetes': {
      const { openKubernetes } = await import('./kubernetes/index.ts');
      return openKubernetes(config, resources);
    }
    case 'docker': {
      const { DockerDiscoverer } = await import('./docker/index.ts');
      return new DockerDiscoverer(config, resources);
    }
    case 'dockerswarm': {
      const { SwarmDiscoverer } = await import('./dockerswarm/index.ts');
      return new SwarmDiscoverer(config, resources);
    }
    case 'ec2': {
      const { Ec2Discoverer } = await import('./ec2/index.ts');
      return new Ec2Discoverer(config, resources);
    }
    default:
      throw new InputError(
        'unsupported_discovery',
        `tsmon checks ${config.mechanism}_sd_configs but cannot run them`,
      );
  }
}

export function staticGroups({ groups }: StaticDiscoveryConfig): TargetGroup[] {
  return groups.map(({ targets, labels }, i) => ({
    source: String(i),
    targets: targets.map(addressLabels),
    labels: labelsFromObject(labels),
  }));
}
