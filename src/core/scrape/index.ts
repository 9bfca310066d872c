export { type FetchClient, type FetchClientOptions, FetchError, type TlsSettings } from '../http/fetch.ts';
export { FamilyInput, fileInput, HttpInput, type ScrapeInput, StreamInput } from './input.ts';
export type { IntakeCounts } from './intake.ts';
export { type OpenJobs, type OpenJobsOptions, openJobs } from './jobs-once.ts';
export { NO_LIMITS, type ScrapeLimits } from './limits.ts';
export { type ListedTarget, listTargets } from './listing.ts';
export type { Health } from './loop.ts';
export {
  type ActiveTarget,
  type DroppedTarget,
  ScrapeManager,
  type ScrapeManagerOptions,
  type Store,
  type TargetMetadata,
} from './manager.ts';
export {
  type InputSettings,
  type OpenScrapers,
  openInput,
  openScrapers,
  type ScrapeSettings,
} from './open.ts';
export {
  discoveredLabels,
  type PoolTarget,
  type TargetOutcome,
  type TargetSettings,
  targetFrom,
  targetsOfGroup,
} from './pool-target.ts';
export {
  type RepeatOptions,
  type RoundOptions,
  type ScrapeListener,
  scrapeOnce,
  scrapeRepeatedly,
} from './round.ts';
export { Schedule, type Tick } from './schedule.ts';
export type { ScrapeConfig } from './scrape-config.ts';
export { ScrapeState } from './scrape-state.ts';
export { type ScrapeResult, Scraper, type ScraperOptions } from './scraper.ts';
export { type Origin, type Target, TargetLabels } from './target.ts';
export { labelFromArgument, type TargetOptions, targetFromArgument } from './target-argument.ts';
export { offsetSeed, scrapeOffsetMs, targetHash } from './target-hash.ts';
