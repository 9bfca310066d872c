/** A tar archive of files in memory, in the ustar format (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html). */
const BLOCK_BYTES = 512;

export interface TarFile {
  /** ASCII, at most 100 bytes. */
  name: string;
  bytes: Uint8Array;
}

/** The time of all files is the beginning of 1970, so that the same files make the same archive. */
export function tarOf(files: readonly TarFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of files) {
    const padding = new Uint8Array(-bytes.length & (BLOCK_BYTES - 1));
    parts.push(header(name, bytes.length), bytes, padding);
  }
  // Two empty blocks end an archive.
  parts.push(new Uint8Array(2 * BLOCK_BYTES));
  return Buffer.concat(parts);
}

function header(name: string, sizeBytes: number): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(0o666, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(sizeBytes, 124, 11);
  octal(0, 136, 11);
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  // The checksum is made as if it were blanks itself.
  block.fill(' ', 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}
