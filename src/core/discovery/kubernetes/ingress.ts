/** Role `ingress`: a target for each path of an ingress, for probes from outside. */
import { MetaLabels } from '../meta-labels.ts';
import { ADDRESS } from '../target-group.ts';
import { META, NAMESPACE, objectLabels } from './labels.ts';
import type { Ingress } from './objects.ts';
import { attachNamespace, type Build } from './role.ts';

export const buildIngress: Build<Ingress> = (ingress, context) => {
  const { spec, metadata } = ingress;
  const labels = objectLabels(ingress, 'ingress')
    .set(NAMESPACE, metadata.namespace)
    .set(`${META}ingress_class_name`, spec.ingressClassName);
  attachNamespace(labels, metadata.namespace, context);
  const secured = (spec.tls ?? []).flatMap(({ hosts }) => hosts ?? []);
  const targets = (spec.rules ?? []).flatMap(({ host = '', http }) => {
    const paths = http?.paths?.map(({ path }) => path || '/') ?? ['/'];
    const scheme = secured.some((pattern) => matchesHost(pattern, host)) ? 'https' : 'http';
    return paths.map((path) =>
      new MetaLabels()
        .set(ADDRESS, host)
        .set(`${META}ingress_scheme`, scheme)
        .set(`${META}ingress_host`, host)
        .set(`${META}ingress_path`, path)
        .labels(),
    );
  });
  return { labels, targets };
};

/** `*.example.com` is for one name below it. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  const [first, ...rest] = pattern.split('.');
  const [, ...below] = host.split('.');
  return first === '*' && rest.length > 0 && rest.join('.') === below.join('.');
}
