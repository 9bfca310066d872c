/** All of Prometheus' ways to discover targets, by the name before `_sd_configs`. */
import { aws, ec2, lightsail } from './aws.ts';
import {
  azure,
  digitalocean,
  gce,
  hetzner,
  ionos,
  linode,
  oci,
  openstack,
  outscale,
  ovhcloud,
  scaleway,
  stackit,
  vultr,
} from './clouds.ts';
import { consul, docker, dockerswarm, eureka, kuma, nomad } from './containers.ts';
import { dns, file, httpTargets } from './files.ts';
import { kubernetes } from './kubernetes.ts';
import type { Mechanism } from './mechanism.ts';
import { marathon, nerve, puppetdb, serverset, triton, uyuni } from './registries.ts';

export const mechanisms: ReadonlyMap<string, Mechanism> = new Map<string, Mechanism>([
  ['aws', aws],
  ['azure', azure],
  ['consul', consul],
  ['digitalocean', digitalocean],
  ['dns', dns],
  ['docker', docker],
  ['dockerswarm', dockerswarm],
  ['ec2', ec2],
  ['eureka', eureka],
  ['file', file],
  ['gce', gce],
  ['hetzner', hetzner],
  ['http', httpTargets],
  ['ionos', ionos],
  ['kubernetes', kubernetes],
  ['kuma', kuma],
  ['lightsail', lightsail],
  ['linode', linode],
  ['marathon', marathon],
  ['nerve', nerve],
  ['nomad', nomad],
  ['oci', oci],
  ['openstack', openstack],
  ['outscale', outscale],
  ['ovhcloud', ovhcloud],
  ['puppetdb', puppetdb],
  ['scaleway', scaleway],
  ['serverset', serverset],
  ['stackit', stackit],
  ['triton', triton],
  ['uyuni', uyuni],
  ['vultr', vultr],
]);
