/**
 * How the API server is reached: by the address in the settings, by a kubeconfig file, or from inside a cluster, where
 * every pod finds an address in its environment and a token in a file.
 * See https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../http/http-config.ts';
import { joinHostPort } from '../meta-labels.ts';
import type { KubernetesDiscoveryConfig } from '../sd-config.ts';
import { type ApiServer, withSlash } from './api-server.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ClusterAccess extends ApiServer {
  /** Those to look into; all where there is none. */
  namespaces: readonly string[];
}

type AccessConfig = Pick<KubernetesDiscoveryConfig, 'apiServer' | 'kubeconfigFile' | 'http' | 'namespaces'>;

/** Rejects with InputError where there is no way. `serviceAccount` is the folder of a pod's own credentials. */
export async function resolveAccess(
  config: AccessConfig,
  env: Readonly<Record<string, string | undefined>>,
  serviceAccount = SERVICE_ACCOUNT,
): Promise<ClusterAccess> {
  const { ownNamespace, names } = config.namespaces;
  const own = ownNamespace ? [ownNamespaceIn(serviceAccount)] : [];
  return { ...(await serverOf(config, env, serviceAccount)), namespaces: [...new Set([...names, ...own])] };
}

async function serverOf(
  { apiServer, kubeconfigFile, http }: AccessConfig,
  env: Readonly<Record<string, string | undefined>>,
  serviceAccount: string,
): Promise<ApiServer> {
  if (kubeconfigFile !== '') {
    const { readKubeconfig } = await import('./kubeconfig.ts');
    return readKubeconfig(kubeconfigFile);
  }
  if (apiServer !== '') return { server: withSlash(apiServer), http };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port)
    throw new InputError(
      'discovery_kubernetes',
      'neither api_server nor kubeconfig_file is given, and this is not inside a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)',
    );
  return {
    server: withSlash(`https://${joinHostPort(host, port)}`),
    http: {
      ...DEFAULT_HTTP_CLIENT_CONFIG,
      authorization: {
        type: 'Bearer',
        credentials: '',
        credentialsFile: join(serviceAccount, 'token'),
      },
      tlsConfig: { ...DEFAULT_HTTP_CLIENT_CONFIG.tlsConfig, caFile: join(serviceAccount, 'ca.crt') },
    },
  };
}

function ownNamespaceIn(serviceAccount: string): string {
  const file = join(serviceAccount, 'namespace');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new InputError(
      'discovery_kubernetes',
      `cannot tell the own namespace: ${(error as Error).message}`,
    );
  }
}
