/**
 * How records lie in a segment file (docs/format/wal.md). A segment is a row of pages of 32 KiB; a record is one
 * fragment, or several where it does not fit the rest of its page:
 *
 *   type (1 byte: fragment kind, compression)  length (2)  CRC-32C of the data (4)  data
 *
 * A zero where a type should be means that the rest of the page is empty. Fewer than seven bytes at a page's end are
 * always zeros. Only the last page of the last segment may be shorter than a page.
 */

export const PAGE_BYTES = 32 * 1024;
export const FRAGMENT_HEADER_BYTES = 7;
/** Where Prometheus begins the next segment. */
export const SEGMENT_BYTES = 128 * 1024 * 1024;

/** The low three bits of a fragment's type. */
export const Fragment = { none: 0, full: 1, first: 2, middle: 3, last: 4 } as const;
export const FRAGMENT_KIND_MASK = 7;
export const SNAPPY_FLAG = 8;
export const ZSTD_FLAG = 16;

/**
 * The most that a compressed record may grow to. Prometheus has no such limit; the largest records are the series
 * of one scrape of hundreds of thousands of series, some 100 MB.
 */
export const MAX_RECORD_BYTES = 1 << 30;
