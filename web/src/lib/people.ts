/** Names and addresses, as they are shown and as they are typed. */

import type { Address } from "./jmap/types.ts";

/** The name, or else the address. */
export function nameOf(address: Address | undefined): string {
  return address?.name?.trim() || address?.email || "";
}

/** The first word of a name; of Chinese names all. */
export function firstName(address: Address | undefined): string {
  const name = nameOf(address);
  return name.includes("@") ? name.split("@")[0]! : (name.split(/\s+/)[0] ?? name);
}

const WITH_NAME = /^\s*"?([^"<]*?)"?\s*<([^<>\s]+)>\s*$/;
const BARE = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

/** What somebody typed as an address; null where it is none. */
export function parseAddress(typed: string): Address | null {
  const named = WITH_NAME.exec(typed);
  if (named) return BARE.test(named[2]!) ? { name: named[1]!.trim() || null, email: named[2]! } : null;
  const bare = typed.trim();
  return BARE.test(bare) ? { name: null, email: bare } : null;
}

/** Addresses of a pasted line, parted by commas, semicolons or line ends; quoted commas do not part. */
export function parseAddresses(typed: string): (Address | string)[] {
  const pieces = typed.match(/(?:"[^"]*"|[^,;\n"])+/g) ?? [];
  return pieces.map((piece) => piece.trim()).filter(Boolean).map((piece) => parseAddress(piece) ?? piece);
}

/** The fields that a `mailto:` link may fill (RFC 6068): never a sender, a file or HTML. */
export function parseMailto(url: string): { to: Address[]; cc: Address[]; subject: string; text: string; inReplyTo: string[] | null } {
  const parsed = new URL(url);
  const field = (name: string) => [...parsed.searchParams].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const addresses = (text: string) => parseAddresses(text).filter((each): each is Address => typeof each !== "string");
  const id = field("in-reply-to")[0]?.match(/<([^<>\s]+)>/)?.[1];
  return {
    to: addresses([safeDecode(parsed.pathname), ...field("to")].join(",")),
    cc: addresses(field("cc").join(",")),
    subject: field("subject").join(" ").replace(/[\r\n]+/g, " "),
    text: field("body").join("\n"),
    inReplyTo: id ? [id] : null,
  };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
