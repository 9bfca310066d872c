/** The canonical text form of IPv6 addresses (RFC 5952). */

/** `2620:0000:0000:0000:0000:0000:0000:0001` is `2620::1`. Expects all eight groups. */
export function shortIpv6(address: string): string {
  const groups = address.split(':').map((group) => Number.parseInt(group, 16).toString(16));
  // The longest run of two or more zero groups, the first of several.
  let start = -1;
  let length = 1;
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (groups[end] === '0') end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  if (start === -1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
