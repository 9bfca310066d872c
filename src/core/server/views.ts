/**
 * What the HTTP API needs to know of the rest of the server: small interfaces, which scrape pools, rule groups, the
 * notifier and the storage satisfy. Times are milliseconds since the epoch, 0 for never; durations milliseconds.
 */
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Metadata } from '../model/metadata.ts';
import type { RelabelRule } from '../relabel/index.ts';

export interface ActiveTarget {
  pool: string;
  discoveredLabels: Labels;
  labels: Labels;
  scrapeUrl: string;
  /** As others reach it: localhost replaced by the name of this host. */
  globalUrl: string;
  lastError: string;
  lastScrape: number;
  lastScrapeDurationMs: number;
  health: 'up' | 'down' | 'unknown';
  /** As configured: `15s`. */
  scrapeInterval: string;
  scrapeTimeout: string;
  /** By metric family, of the last scrapes. */
  metadata(): ReadonlyMap<string, Metadata>;
}

export interface DroppedTarget {
  pool: string;
  discoveredLabels: Labels;
}

export interface TargetsView {
  /** Names, sorted. */
  pools(): readonly string[];
  /** Of all pools, by pool. */
  active(): readonly ActiveTarget[];
  /** As many as `keep_dropped_targets` lets be kept. */
  dropped(): readonly DroppedTarget[];
  /** How many there are, kept or not, by pool. */
  droppedCounts(): ReadonlyMap<string, number>;
  /** Undefined where there is no such pool. */
  relabelRules(pool: string): readonly RelabelRule[] | undefined;
}

export interface ActiveAlert {
  labels: Labels;
  /** In the order of the configuration. */
  annotations: Readonly<Record<string, string>>;
  state: 'pending' | 'firing' | 'inactive';
  activeAt: number;
  /** Since when the alert fires only because of `keep_firing_for`; 0 where it does not. */
  keepFiringSince: number;
  value: number;
}

interface CommonRule {
  name: string;
  query: string;
  /** Of the rule's definition, not expanded. */
  labels: Labels;
  health: 'ok' | 'err' | 'unknown';
  /** '' where there is none. */
  lastError: string;
  evaluationTimeMs: number;
  lastEvaluation: number;
}

export interface RecordingRuleView extends CommonRule {
  kind: 'recording';
}

export interface AlertingRuleView extends CommonRule {
  kind: 'alerting';
  state: 'inactive' | 'pending' | 'firing' | 'unknown';
  holdMs: number;
  keepFiringForMs: number;
  annotations: Readonly<Record<string, string>>;
  alerts(): readonly ActiveAlert[];
}

export type RuleView = RecordingRuleView | AlertingRuleView;

export interface RuleGroupView {
  name: string;
  file: string;
  intervalMs: number;
  limit: number;
  rules: readonly RuleView[];
  evaluationTimeMs: number;
  lastEvaluation: number;
}

export interface RulesView {
  /** By file and name. */
  groups(): readonly RuleGroupView[];
}

export interface AlertmanagersView {
  /** URLs that alerts are posted to. */
  active(): readonly string[];
  dropped(): readonly string[];
}

export interface BuildInfo {
  version: string;
  revision: string;
  branch: string;
  buildUser: string;
  buildDate: string;
  goVersion: string;
}

export interface WalReplay {
  min: number;
  max: number;
  current: number;
}

export interface CountedName {
  name: string;
  value: number;
}

export interface TsdbStatus {
  headStats: {
    numSeries: number;
    numLabelPairs: number;
    chunkCount: number;
    minTime: number;
    maxTime: number;
  };
  seriesCountByMetricName: readonly CountedName[];
  labelValueCountByLabelName: readonly CountedName[];
  memoryInBytesByLabelName: readonly CountedName[];
  seriesCountByLabelValuePair: readonly CountedName[];
}

export interface StatusView {
  /** The configuration in effect, as YAML, secrets left out. */
  config(): string;
  flags(): Readonly<Record<string, string>>;
  /** Keys are upstream's where they mean something here. */
  runtimeInfo(): Readonly<Record<string, string | number | boolean>>;
  buildInfo(): BuildInfo;
  /** The `limit` greatest of each kind. */
  tsdb(limit: number): TsdbStatus | Promise<TsdbStatus>;
  /** meta.json of each block. */
  blocks(): readonly object[];
  walReplay(): WalReplay;
}

export interface AdminView {
  deleteSeries(matchers: readonly Matcher[], mint: number, maxt: number): Promise<unknown>;
  cleanTombstones(): Promise<void>;
  /** Resolves with the snapshot's name, a folder of `snapshots/`. */
  snapshot(withHead: boolean): Promise<string>;
}

export interface ServerNotification {
  text: string;
  date: number;
  active: boolean;
}

export interface NotificationsView {
  active(): readonly ServerNotification[];
  /** Tells of all active ones, then of each change, until what it returns is called; undefined where too many listen. */
  subscribe(listener: (notification: ServerNotification) => void): (() => void) | undefined;
}

export interface LifecycleView {
  /** Rejects with what is wrong with the new configuration. */
  reload(): Promise<void>;
  quit(): void;
}
