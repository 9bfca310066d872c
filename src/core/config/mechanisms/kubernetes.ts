/** Kubernetes: roles, namespaces and selectors. */
import type { KubernetesDiscoveryConfig, KubernetesRole } from '../../discovery/sd-config.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../http/http-config.ts';
import { goQuote } from '../../model/quote.ts';
import { boolean, field, file, list, oneOf, optionalField, Struct, text } from '../schema/index.ts';
import type { Checked } from '../schema/struct.ts';
import { http } from '../sections/http.ts';
import { runnable } from './mechanism.ts';
import { fieldSelectorFault, labelSelectorFault } from './selectors.ts';
import { urlText } from './web.ts';

const ROLES: readonly KubernetesRole[] = ['pod', 'service', 'endpoints', 'endpointslice', 'node', 'ingress'];

const role = oneOf(['', ...ROLES], (name) => `unknown Kubernetes SD role ${goQuote(name)}`);

/** Which objects each role watches, and so may select. */
const SELECTABLE: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  node: ['node'],
  ingress: ['ingress'],
};

const namespaces = new Struct('kubernetes.plain', [
  field('own_namespace', boolean),
  field('names', list(text)),
]);

const selector = new Struct('kubernetes.SelectorConfig', [
  optionalField('role', role),
  optionalField('label', text),
  optionalField('field', text),
]);

const attachMetadata = new Struct('kubernetes.AttachMetadataConfig', [
  field('node', boolean),
  optionalField('namespace', boolean),
  optionalField('deployment', boolean),
  optionalField('job', boolean),
  optionalField('cronjob', boolean),
]);

export const kubernetes = runnable(
  'kubernetes',
  [
    optionalField('api_server', urlText),
    field('role', role),
    field('kubeconfig_file', file),
    { inline: http, prop: 'http' },
    optionalField('namespaces', namespaces),
    optionalField('selectors', list(selector)),
    optionalField('attach_metadata', attachMetadata),
  ],
  check,
);

function check(config: KubernetesDiscoveryConfig, at: Checked): void {
  if ((config.role as string) === '') {
    at.fault(`role missing (one of: ${ROLES.join(', ')})`, 'role');
    return;
  }
  checkAccess(config, at);
  checkSelectors(config, at);
}

function checkAccess(config: KubernetesDiscoveryConfig, at: Checked): void {
  const { apiServer, kubeconfigFile, namespaces: wanted } = config;
  const custom = http.isZero(config.http) ? false : !isDefault(config.http);
  if (kubeconfigFile !== '' && apiServer !== '')
    at.fault("cannot use 'kubeconfig_file' and 'api_server' simultaneously", 'kubeconfig_file');
  else if (kubeconfigFile !== '' && custom)
    at.fault(
      "cannot use a custom HTTP client configuration together with 'kubeconfig_file'",
      'kubeconfig_file',
    );
  else if (kubeconfigFile === '' && apiServer === '' && custom)
    at.fault("to use custom HTTP client configuration please provide the 'api_server' URL explicitly");
  if (!wanted.ownNamespace) return;
  if (apiServer !== '')
    at.fault(
      "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously",
      'namespaces.own_namespace',
    );
  if (kubeconfigFile !== '')
    at.fault(
      "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously",
      'namespaces.own_namespace',
    );
}

function isDefault(config: KubernetesDiscoveryConfig['http']): boolean {
  return JSON.stringify(http.print(config)) === JSON.stringify(http.print({ ...DEFAULT_HTTP_CLIENT_CONFIG }));
}

function checkSelectors({ role: own, selectors }: KubernetesDiscoveryConfig, at: Checked): void {
  const allowed = SELECTABLE[own];
  const seen = new Set<string>();
  for (const [i, { role: selected, label, field: fields }] of selectors.entries()) {
    const where = `selectors[${i}]`;
    if (seen.has(selected)) at.fault(`duplicated selector role: ${selected}`, `${where}.role`);
    seen.add(selected);
    if (!allowed.includes(selected))
      at.fault(`${own} role supports only ${allowed.join(', ')} selectors`, `${where}.role`);
    const fieldFault = fieldSelectorFault(fields);
    if (fieldFault !== undefined) at.fault(fieldFault, `${where}.field`);
    const labelFault = labelSelectorFault(label);
    if (labelFault !== undefined) at.fault(labelFault, `${where}.label`);
  }
}
