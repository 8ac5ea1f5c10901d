/**
 * The search language as a JMAP filter (RFC 8621 §4.4.1), for servers that do not read it themselves: words, "phrases",
 * `from: to: cc: subject: in: before: after: is:unread is:flagged has:attachment`, `-without`, `OR`.
 */

import type { Filter } from "./jmap/types.ts";

const PIECE = /-?(?:\w+:)?"[^"]*"?|\S+/g;
const FIELDS: Record<string, string> = { from: "from", to: "to", cc: "cc", subject: "subject", body: "body" };

/** `mailbox` gives the id of a mailbox that is named; a name that is none finds nothing. */
export function filterOf(query: string, mailbox: (name: string) => string | null): Filter {
  const branches: Filter[][] = [[]];
  for (const piece of query.match(PIECE) ?? []) {
    if (piece === "OR") branches.push([]);
    else branches.at(-1)!.push(condition(piece, mailbox));
  }
  const all = branches.filter((each) => each.length > 0).map((each) => joined("AND", each));
  return all.length ? joined("OR", all) : {};
}

function joined(operator: string, conditions: Filter[]): Filter {
  return conditions.length === 1 ? conditions[0]! : { operator, conditions };
}

function condition(piece: string, mailbox: (name: string) => string | null): Filter {
  if (piece.startsWith("-") && piece.length > 1) return { operator: "NOT", conditions: [condition(piece.slice(1), mailbox)] };
  const [, name, rest] = /^(\w+):(.+)$/.exec(piece) ?? [];
  const value = (rest ?? piece).replace(/^"|"$/g, "");
  const field = name?.toLowerCase() ?? "";
  if (field in FIELDS) return { [FIELDS[field]!]: value };
  if (field === "in") return { inMailbox: mailbox(value) ?? "b0" };
  if (field === "is" || field === "has") return quality(`${field}:${value.toLowerCase()}`) ?? { text: piece };
  if (field === "before" || field === "after") return day(field, value) ?? { text: piece };
  return { text: field ? piece : value };
}

function quality(word: string): Filter | null {
  const known: Record<string, Filter> = {
    "is:unread": { notKeyword: "$seen" },
    "is:read": { hasKeyword: "$seen" },
    "is:flagged": { hasKeyword: "$flagged" },
    "is:answered": { hasKeyword: "$answered" },
    "has:attachment": { hasAttachment: true },
  };
  return known[word] ?? null;
}

function day(field: "before" | "after", value: string): Filter | null {
  const [, year, month = "1", date = "1"] = /^(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$/.exec(value) ?? [];
  if (!year) return null;
  const start = new Date(Number(year), Number(month) - 1, Number(date));
  return { [field]: start.toISOString().replace(/\.\d+/, "") };
}
