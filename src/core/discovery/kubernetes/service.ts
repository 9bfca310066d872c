/** Role `service`: a target for each port of a service, under its name in the cluster's DNS. */
import { MetaLabels } from '../meta-labels.ts';
import { META, serviceLabels } from './labels.ts';
import type { Service } from './objects.ts';
import { attachNamespace, type Build } from './role.ts';

export const buildService: Build<Service> = (service, context) => {
  const { spec, metadata } = service;
  const labels = serviceLabels(service);
  attachNamespace(labels, metadata.namespace, context);
  const targets = (spec.ports ?? []).map(({ name, port, protocol }) => {
    const target = new MetaLabels()
      .address(`${metadata.name}.${metadata.namespace}.svc`, port)
      .set(`${META}service_port_name`, name)
      .set(`${META}service_port_number`, port)
      .set(`${META}service_port_protocol`, protocol)
      .set(`${META}service_type`, spec.type);
    if (spec.type === 'ExternalName') target.set(`${META}service_external_name`, spec.externalName);
    else target.set(`${META}service_cluster_ip`, spec.clusterIP);
    if (spec.type === 'LoadBalancer') target.set(`${META}service_loadbalancer_ip`, spec.loadBalancerIP);
    return target.labels();
  });
  return { labels, targets };
};
