/** Why a message was found, as SearchSnippet/get tells it (RFC 8621 §5): text and marks, never HTML to be run. */

/** Text in pieces: every other one, beginning with the second, is marked. */
export type Pieces = string[];

/** So many characters stand before the first mark, so that it is seen in a narrow list. */
const BEFORE = 18;
const ENTITIES: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

export function piecesOf(html: string): Pieces {
  return html.split(/<\/?mark>/).map((piece) => piece.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]!));
}

/** The same, begun shortly before the first mark, at a word where there is one. */
export function near(pieces: Pieces): Pieces {
  const [before = "", ...rest] = pieces;
  if (before.length <= BEFORE) return pieces;
  const end = [...before].slice(-BEFORE).join("");
  const space = end.indexOf(" ");
  return [`…${space < 0 || space === end.length - 1 ? end : end.slice(space + 1)}`, ...rest];
}
