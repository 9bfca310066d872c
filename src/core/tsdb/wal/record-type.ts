/**
 * What a record is: its first byte. Numbers as Prometheus 3.14 has them; 3.5 writes none of those above 10. A reader
 * passes over types that it does not know, as Prometheus does, so that an older one can read a newer log.
 */
export const RecordType = {
  series: 1,
  samples: 2,
  tombstones: 3,
  exemplars: 4,
  mmapMarkers: 5,
  metadata: 6,
  histogramSamples: 7,
  floatHistogramSamples: 8,
  customBucketsHistogramSamples: 9,
  customBucketsFloatHistogramSamples: 10,
  /** Samples with start timestamps. */
  samplesV2: 11,
  /** Histograms of any schema with start timestamps. */
  histogramSamplesV2: 12,
  floatHistogramSamplesV2: 13,
  /** In checkpoints only: the time before which samples were left out. */
  minValidTime: 14,
} as const;

export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** The type of a record, 0 for an empty one. */
export function recordType(record: Uint8Array): number {
  return record.length === 0 ? 0 : record[0];
}

const NEWEST_TYPE = Math.max(...Object.values(RecordType));

/** Whether a record's type is one of these; that of an empty record is nobody's to know. */
export function isKnownType(type: number): boolean {
  return type <= NEWEST_TYPE;
}
