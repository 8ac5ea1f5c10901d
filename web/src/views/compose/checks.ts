/** What one easily forgets before sending. */

/** The word that speaks of an attachment where there is none; quoted text does not count. */
export function forgottenAttachment(text: string, attachments: number, words: string): string | null {
  if (attachments > 0) return null;
  const own = text
    .split("\n")
    .filter((line) => !line.startsWith(">"))
    .join("\n")
    .split(/\n-- \n|\nOn .{5,200} wrote:\n/)[0]!
    .toLowerCase();
  return words.split(",").find((word) => matches(own, word)) ?? null;
}

function matches(text: string, word: string): boolean {
  return /\p{Script=Han}/u.test(word) ? text.includes(word) : new RegExp(`(^|[^\\p{L}])${word}([^\\p{L}]|$)`, "u").test(text);
}
