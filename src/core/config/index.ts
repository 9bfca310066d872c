/** prometheus.yml and web.yml: reading, checking, and what comes of them. */
export type * from './config.ts';
export { filesMatching } from './glob.ts';
export {
  ConfigError,
  type GlobalSwitch,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  parseConfig,
} from './load.ts';
export { loadHttpConfig } from './load-http.ts';
export { loadWebConfig, parseWebConfig } from './load-web.ts';
export type { Origin, Origins } from './reader.ts';
export { CIPHER_SUITES } from './sections/web.ts';
export { type ToYamlOptions, toYaml, toYamlLines } from './to-yaml.ts';
export type * from './web-config.ts';
