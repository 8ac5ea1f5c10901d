/** Plain text as pieces: quotes by depth, links, the signature; so that it can be shown without any HTML. */

export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

export interface Block {
  depth: number;
  isSignature: boolean;
  lines: Piece[][];
}

const QUOTE = /^((?:> ?)+)/;
const LINK = /\b(?:https?:\/\/|mailto:|www\.)[^\s<>"'）】」》，。；]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/giu;
const TRAILING = /[.,;:!?)\]}'"]+$/;

/** Cut text into blocks of one quote depth each (RFC 3676 §4.5); the signature (§4.3) is a block of its own. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let isSignature = false;
  for (const line of text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n")) {
    const depth = (QUOTE.exec(line)?.[1]?.match(/>/g) ?? []).length;
    if (depth === 0 && line === "-- ") isSignature = true;
    const last = found.at(-1);
    const rest = depth ? line.replace(QUOTE, "") : line;
    if (last && last.depth === depth && last.isSignature === isSignature) last.lines.push(pieces(rest));
    else found.push({ depth, isSignature, lines: [pieces(rest)] });
  }
  return found;
}

function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of line.matchAll(LINK)) {
    const text = trimmed(match[0]);
    if (match.index > at) found.push({ kind: "text", text: line.slice(at, match.index) });
    found.push({ kind: "link", text, href: target(text) });
    at = match.index + text.length;
  }
  if (at < line.length) found.push({ kind: "text", text: line.slice(at) });
  return found;
}

function trimmed(link: string): string {
  const bare = link.replace(TRAILING, "");
  return bare.includes("(") && link[bare.length] === ")" ? `${bare})` : bare;
}

function target(text: string): string {
  if (/^www\./i.test(text)) return `https://${text}`;
  return /^(https?:|mailto:)/i.test(text) ? text : `mailto:${text}`;
}

/** Where the quoted tail begins: the last run of quotes with nothing but a signature after it; -1 without one. */
export function quotedTail(list: Block[]): number {
  let at = list.length;
  while (at > 0 && (list[at - 1]!.depth > 0 || list[at - 1]!.isSignature || isBlank(list[at - 1]!))) at--;
  const first = list.findIndex((block, index) => index >= at && block.depth > 0);
  return first > 0 ? first : -1;
}

function isBlank(block: Block): boolean {
  return block.lines.every((line) => line.every((piece) => !piece.text.trim()));
}

const PATCH = /^(diff --git |@@ .+ @@|--- a\/)/m;
const COLUMN = /\S {3,}\S/;

/** Whether the text is laid out in columns, or is a patch: then each character has the same width. */
export function isDrawn(text: string): boolean {
  if (PATCH.test(text)) return true;
  const lines = text.slice(0, 20_000).split("\n").filter((line) => line.trim() && line.length < 200);
  const columns = lines.filter((line) => COLUMN.test(line)).length;
  return columns >= 3 && columns * 4 >= lines.length;
}
