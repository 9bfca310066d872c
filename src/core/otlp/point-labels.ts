/** The labels of a data point: its attributes, those of its resource and scope that are wanted, job and instance. */
import { compareStrings, Labels, METRIC_NAME, METRIC_TYPE, METRIC_UNIT } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import { isValidUtf8 } from '../model/names.ts';
import { Attributes } from './data-point.ts';
import { LabelNames } from './label-name.ts';
import type { OtlpConfig } from './otlp-config.ts';
import type { Scope } from './request.ts';

const SERVICE_NAMESPACE = 'service.namespace';
const SERVICE_NAME = 'service.name';
const SERVICE_INSTANCE = 'service.instance.id';
/** What makes job and instance. */
const IDENTIFYING: readonly string[] = [SERVICE_NAMESPACE, SERVICE_NAME, SERVICE_INSTANCE];

const JOB = 'job';
const INSTANCE = 'instance';

export interface TypeAndUnit {
  type: MetricType;
  unit: string;
}

export class PointLabels {
  private readonly config: OtlpConfig;
  private readonly labelNames: LabelNames;
  private readonly chosen: ReadonlySet<string>;
  /** Of the resource: those that every series gets, and job and instance, which go before everything. */
  private readonly promoted = new Attributes();
  private readonly identity = new Attributes();
  private readonly scopeLabels = new Attributes();
  /** Of upstream's feature `type-and-unit-labels`. */
  private typeAndUnit: TypeAndUnit | undefined = undefined;
  /** The set that is being made, sorted; empty values are in it until the end. */
  private names: string[] = [];
  private values: string[] = [];

  constructor(config: OtlpConfig) {
    this.config = config;
    this.labelNames = new LabelNames(config);
    const { promoteAllResourceAttributes: all } = config;
    this.chosen = new Set(all ? config.ignoreResourceAttributes : config.promoteResourceAttributes);
  }

  setResource(resource: Attributes): void {
    const { promoted, identity, chosen, config } = this;
    promoted.clear();
    const { promoteAllResourceAttributes: all } = config;
    for (const i of sortedByKey(resource)) {
      if (chosen.has(resource.keys[i]) === all) continue;
      promoted.add(this.labelNames.of(resource.keys[i]), resource.values[i]);
    }
    identity.clear();
    const name = resource.get(SERVICE_NAME);
    const namespace = resource.get(SERVICE_NAMESPACE);
    if (name !== undefined) identity.add(JOB, namespace === undefined ? name : `${namespace}/${name}`);
    const instance = resource.get(SERVICE_INSTANCE);
    if (instance !== undefined) identity.add(INSTANCE, instance);
  }

  /** A scope without a name is none. */
  setScope(scope: Scope | undefined): void {
    const { scopeLabels, config } = this;
    scopeLabels.clear();
    if (scope === undefined || scope.name === '' || !config.promoteScopeMetadata) return;
    scopeLabels.add('otel_scope_name', scope.name);
    scopeLabels.add('otel_scope_version', scope.version);
    scopeLabels.add('otel_scope_schema_url', scope.schemaUrl);
    const { keys, values } = scope.attributes;
    for (let i = 0; i < keys.length; i++) {
      scopeLabels.add(this.labelNames.of(`otel_scope_${keys[i]}`), values[i]);
    }
  }

  setTypeAndUnit(typeAndUnit: TypeAndUnit | undefined): void {
    this.typeAndUnit = typeAndUnit;
  }

  /** Undefined where they are no labels. `metric` goes before an attribute of that name. */
  of(attributes: Attributes, metric: string): Labels | undefined {
    this.begin(attributes);
    const { promoted, typeAndUnit } = this;
    for (let i = 0; i < promoted.length; i++) this.insert(promoted.keys[i], promoted.values[i]);
    this.setAll(this.scopeLabels);
    if (typeAndUnit !== undefined) {
      if (typeAndUnit.type !== 'unknown') this.insert(METRIC_TYPE, typeAndUnit.type);
      this.insert(METRIC_UNIT, typeAndUnit.unit);
    }
    this.setAll(this.identity);
    if (metric !== '') this.set(METRIC_NAME, metric);
    return this.finish();
  }

  /** Those of `target_info`; undefined where nothing would be told, or not of whom. */
  ofResource(resource: Attributes): Labels | undefined {
    const present = IDENTIFYING.filter((key) => resource.keys.includes(key));
    if (resource.length === present.length) return undefined;
    this.begin(this.config.keepIdentifyingResourceAttributes ? resource : without(resource, present));
    this.setAll(this.identity);
    if (!this.names.includes(JOB) && !this.names.includes(INSTANCE)) return undefined;
    this.set(METRIC_NAME, 'target_info');
    return this.finish();
  }

  private begin(attributes: Attributes): void {
    const { keys, values } = attributes;
    this.names = [];
    this.values = [];
    for (let i = 0; i < keys.length; i++) {
      if (this.insert(this.labelNames.of(keys[i]), values[i])) continue;
      this.joinAll(attributes);
      return;
    }
  }

  /** Keys that become one name: their values are joined, in the order of the keys. */
  private joinAll(attributes: Attributes): void {
    this.names = [];
    this.values = [];
    for (const i of sortedByKey(attributes)) {
      const name = this.labelNames.of(attributes.keys[i]);
      if (this.insert(name, attributes.values[i])) continue;
      this.values[this.names.indexOf(name)] += `;${attributes.values[i]}`;
    }
  }

  private setAll({ keys, values }: Attributes): void {
    for (let i = 0; i < keys.length; i++) this.set(keys[i], values[i]);
  }

  private set(name: string, value: string): void {
    if (!this.insert(name, value)) this.values[this.names.indexOf(name)] = value;
  }

  /** False where there is one of that name. */
  private insert(name: string, value: string): boolean {
    const { names, values } = this;
    let i = names.length;
    for (; i > 0; i--) {
      const order = compareStrings(names[i - 1], name);
      if (order === 0) return false;
      if (order < 0) break;
    }
    if (i === names.length) {
      names.push(name);
      values.push(value);
    } else {
      names.splice(i, 0, name);
      values.splice(i, 0, value);
    }
    return true;
  }

  private finish(): Labels | undefined {
    const { names, values } = this;
    let kept = 0;
    for (let i = 0; i < names.length; i++) {
      if (names[i] === '' || !isValidUtf8(names[i]) || !isValidUtf8(values[i])) return undefined;
      if (values[i] === '') continue;
      names[kept] = names[i];
      values[kept++] = values[i];
    }
    names.length = kept;
    values.length = kept;
    return new Labels(names, values);
  }
}

/** Places, by key; of one key in the order of the request. */
function sortedByKey({ keys }: Attributes): number[] {
  return keys.map((_, i) => i).sort((a, b) => compareStrings(keys[a], keys[b]) || a - b);
}

function without({ keys, values }: Attributes, dropped: readonly string[]): Attributes {
  const rest = new Attributes();
  for (let i = 0; i < keys.length; i++) if (!dropped.includes(keys[i])) rest.add(keys[i], values[i]);
  return rest;
}
