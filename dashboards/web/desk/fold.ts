// Text as it is searched: "bao ha" finds Bảo Hà.

/** Letters without their marks, in lower case; đ is a letter of its own, and becomes d. */
export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[đĐ]/g, "d")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * How well a text holds every word of a folded query: 0 not at all, higher is
 * better. A text that begins with the query comes before one with a word that
 * does, and that before one that merely holds it.
 */
export function matches(query: string, text: string): number {
  if (query === "") return 1;
  const folded = fold(text);
  if (folded.startsWith(query)) return 4;
  if (` ${folded}`.includes(` ${query}`)) return 3;
  if (folded.includes(query)) return 2;
  return query.split(" ").every((word) => folded.includes(word)) ? 1 : 0;
}
