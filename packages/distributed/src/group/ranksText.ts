/** "rank 2", "ranks 1, 2 and 5". */
export function ranksText(ranks: readonly number[]): string {
  const last = ranks.at(-1)!;
  return ranks.length === 1 ? `rank ${last}` : `ranks ${ranks.slice(0, -1).join(", ")} and ${last}`;
}
