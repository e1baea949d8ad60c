// The ids of new segments.

/** An id that is not used yet, made from that of the segment it was split from. */
export function freshId(used: ReadonlySet<string>, id: string): string {
  const stem = id.replace(/-\d+$/, "").slice(0, 56);
  let number = 2;
  while (used.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}
