/**
 * Reads an ExportMetricsServiceRequest in protobuf (opentelemetry/proto/collector/metrics/v1/metrics_service.proto).
 * What a message says of its parts may stand behind them, and usually does (whether a sum is monotonic comes after its
 * points): each is gone through twice, the first time from field to field.
 */
import { field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { Attributes } from './data-point.ts';
import { POINT_READERS, ProtobufPoint } from './protobuf-point.ts';
import { known, passOver, readPair, readText } from './protobuf-value.ts';
import { type MetricHead, type MetricKind, type RequestReader, type Scope, TURN_POINTS } from './request.ts';

const REQUEST = known(1);

/** Reads on to the next turn with each step. Throws InputError. */
export function* readProtobuf(message: Uint8Array, to: RequestReader): Generator<undefined, void> {
  const reader = new ProtobufReader();
  reader.reset(message);
  const request = new ProtobufRequest(message, reader, to);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== field(1, LENGTH)) {
      passOver(reader, tag, REQUEST);
      continue;
    }
    const outer = reader.enter();
    yield* request.resource();
    reader.leave(outer);
  }
}

const RESOURCE_METRICS = known(1, 2, 3);
const SCOPE_METRICS = known(1, 2, 3);
const SCOPE = known(1, 2, 3, 4);
const RESOURCE = known(1, 2);
const METRIC = known(1, 2, 3, 5, 7, 9, 10, 11, 12);
const DATA = known(1, 2, 3);

/** Of the fields of a metric. */
const KINDS: Readonly<Record<number, MetricKind>> = {
  [field(5, LENGTH)]: 'gauge',
  [field(7, LENGTH)]: 'sum',
  [field(9, LENGTH)]: 'histogram',
  [field(10, LENGTH)]: 'exponential',
  [field(11, LENGTH)]: 'summary',
};

class ProtobufRequest {
  private readonly reader: ProtobufReader;
  private readonly to: RequestReader;
  private readonly attributes = new Attributes();
  private readonly scopeOf: Scope = { name: '', version: '', schemaUrl: '', attributes: new Attributes() };
  private readonly head: MetricHead = {
    name: '',
    description: '',
    unit: '',
    kind: undefined,
    temporality: 0,
    isMonotonic: false,
    pointCount: 0,
  };
  private readonly dataPoint: ProtobufPoint;
  private points = 0;

  constructor(message: Uint8Array, reader: ProtobufReader, to: RequestReader) {
    this.dataPoint = new ProtobufPoint(message);
    this.reader = reader;
    this.to = to;
  }

  *resource(): Generator<undefined, void> {
    const { reader, attributes } = this;
    const { pos, end } = reader;
    attributes.clear();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) this.readResource();
      else if (tag === field(2, LENGTH) || tag === field(3, LENGTH)) reader.skip(tag);
      else passOver(reader, tag, RESOURCE_METRICS);
    }
    this.to.resource(attributes);
    reader.seek(pos, end);
    yield* this.parts(() => this.scope());
    this.to.endResource();
  }

  private *scope(): Generator<undefined, void> {
    const { reader, scopeOf } = this;
    const { pos, end } = reader;
    scopeOf.name = '';
    scopeOf.version = '';
    scopeOf.schemaUrl = '';
    scopeOf.attributes.clear();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) this.readScope();
      else if (tag === field(2, LENGTH)) reader.skip(tag);
      else if (tag === field(3, LENGTH)) scopeOf.schemaUrl = readText(reader);
      else passOver(reader, tag, SCOPE_METRICS);
    }
    this.to.scope(scopeOf);
    reader.seek(pos, end);
    yield* this.parts(() => this.metric());
  }

  /** Field 2 of resources and of scopes has what they consist of. */
  private *parts(read: () => Generator<undefined, void>): Generator<undefined, void> {
    const { reader } = this;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(2, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      yield* read();
      reader.leave(outer);
    }
  }

  private readScope(): void {
    const { reader, scopeOf } = this;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) scopeOf.name = readText(reader);
      else if (tag === field(2, LENGTH)) scopeOf.version = readText(reader);
      else if (tag === field(3, LENGTH)) readPair(reader, scopeOf.attributes);
      else if (tag === field(4, VARINT)) reader.skip(tag);
      else passOver(reader, tag, SCOPE);
    }
    reader.leave(outer);
  }

  private readResource(): void {
    const { reader } = this;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) readPair(reader, this.attributes);
      else if (tag === field(2, VARINT)) reader.skip(tag);
      else passOver(reader, tag, RESOURCE);
    }
    reader.leave(outer);
  }

  private *metric(): Generator<undefined, void> {
    const { reader, head } = this;
    head.name = '';
    head.description = '';
    head.unit = '';
    head.kind = undefined;
    let start = 0;
    let end = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      const kind = KINDS[tag];
      if (kind !== undefined) {
        // Of two kinds in one metric the last counts.
        const outer = reader.enter();
        head.kind = kind;
        start = reader.pos;
        end = reader.end;
        reader.leave(outer);
      } else if (tag === field(1, LENGTH)) head.name = readText(reader);
      else if (tag === field(2, LENGTH)) head.description = readText(reader);
      else if (tag === field(3, LENGTH)) head.unit = readText(reader);
      else if (tag === field(12, LENGTH)) reader.skip(tag);
      else passOver(reader, tag, METRIC);
    }
    const { pos: after } = reader;
    reader.seek(start, end);
    this.readData();
    this.to.metric(head);
    reader.seek(start, end);
    if (head.kind !== undefined && head.pointCount > 0) yield* this.readPoints(head.kind);
    reader.seek(after, after);
  }

  /** What a kind's message says of its points, and how many there are. */
  private readData(): void {
    const { reader, head } = this;
    head.temporality = 0;
    head.isMonotonic = false;
    head.pointCount = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(1, LENGTH)) {
        reader.skip(tag);
        head.pointCount++;
      } else if (tag === field(2, VARINT)) head.temporality = reader.int() | 0;
      else if (tag === field(3, VARINT)) head.isMonotonic = reader.bool();
      else passOver(reader, tag, DATA);
    }
  }

  private *readPoints(kind: MetricKind): Generator<undefined, void> {
    const { reader, to, dataPoint } = this;
    const read = POINT_READERS[kind];
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(1, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      dataPoint.clear();
      read(reader, dataPoint);
      to.point(dataPoint);
      reader.leave(outer);
      if (++this.points % TURN_POINTS === 0) yield;
    }
  }
}
