/**
 * The version that clients are told. They go by it: Grafana asks a server older than 2.24 for all series where it wants the
 * values of one label. So it is that of the Prometheus whose API this is, with ours as what semver calls build metadata.
 */

const API_OF = '3.5.3';

/** `version` is that of tsmon. */
export function spokenVersion(version: string): string {
  return `${API_OF}+tsmon.${version}`;
}
