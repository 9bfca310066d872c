/**
 * Writes an index of format version 1, which no program writes any more: series are named by their offset, symbols
 * too, and the tables need not be sorted.
 */
import { ByteWriter } from '../../../../src/core/encoding/byte-writer.ts';
import { crc32c } from '../../../../src/core/encoding/crc32c.ts';
import type { Labels } from '../../../../src/core/model/index.ts';

export interface PlainSeries {
  labels: Labels;
  chunks: { mint: number; maxt: number; ref: number }[];
}

export function indexV1(all: readonly PlainSeries[]): Uint8Array {
  const w = new ByteWriter();
  w.uint32(0xbaaad700);
  w.byte(1);
  const section = (write: (content: ByteWriter, at: number) => void): number => {
    const at = w.length;
    const content = new ByteWriter();
    write(content, at + 4);
    w.uint32(content.length);
    w.copy(content.view());
    w.uint32(crc32c(content.view()));
    return at;
  };

  const places = new Map<string, number>();
  const strings = new Set(all.flatMap(({ labels }) => [...labels].flat()));
  const symbols = section((content, at) => {
    content.uint32(strings.size);
    for (const text of strings) {
      places.set(text, at + content.length);
      content.string(text);
    }
  });
  const seriesAt = w.length;
  const postings = new Map<string, { name: string; value: string; refs: number[] }>();
  const note = (name: string, value: string, ref: number) => {
    const key = `${name}\0${value}`;
    if (!postings.has(key)) postings.set(key, { name, value, refs: [] });
    postings.get(key)!.refs.push(ref);
  };
  for (const { labels, chunks } of all) {
    const ref = w.length;
    const content = new ByteWriter();
    content.uvarint(labels.size);
    for (const [name, value] of labels) {
      content.uvarint(places.get(name)!);
      content.uvarint(places.get(value)!);
      note(name, value, ref);
    }
    note('', '', ref);
    content.uvarint(chunks.length);
    chunks.forEach((c, i) => {
      const before = chunks[i - 1];
      if (before) content.uvarint(c.mint - before.maxt);
      else content.varint(c.mint);
      content.uvarint(c.maxt - c.mint);
      if (before) content.varint(c.ref - before.ref);
      else content.uvarint(c.ref);
    });
    w.uvarint(content.length);
    w.copy(content.view());
    w.uint32(crc32c(content.view()));
  }
  const entries = [...postings.values()].reverse().map(({ name, value, refs }) => ({
    name,
    value,
    at: section((content) => {
      content.uint32(refs.length);
      for (const ref of refs) content.uint32(ref);
    }),
  }));
  const table = section((content) => {
    content.uint32(entries.length);
    for (const { name, value, at } of entries) {
      content.byte(2);
      content.string(name);
      content.string(value);
      content.uvarint(at);
    }
  });
  const toc = new ByteWriter();
  for (const offset of [symbols, seriesAt, 0, 0, entries[0]?.at ?? 0, table]) toc.int64(offset);
  w.copy(toc.view());
  w.uint32(crc32c(toc.view()));
  return w.view().slice();
}
