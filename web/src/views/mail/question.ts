/** From where one is to what is asked of the server. */

import { filterOf } from "../../lib/query";
import type { Filter, Id } from "../../lib/jmap/types";
import type { App } from "../../lib/state/app.svelte";
import type { Place } from "../../lib/state/route.svelte";
import type { Question, Sort } from "../../lib/state/source";

export type Only = "all" | "unread" | "flagged" | "attachment";
export type Order = "newest" | "oldest" | "size" | "from" | "subject";

const ONLY: Record<Only, Filter> = {
  all: {},
  unread: { notKeyword: "$seen" },
  flagged: { hasKeyword: "$flagged" },
  attachment: { hasAttachment: true },
};

const ORDER: Record<Order, Sort> = {
  newest: { property: "receivedAt", isAscending: false },
  oldest: { property: "receivedAt", isAscending: true },
  size: { property: "size", isAscending: false },
  from: { property: "from", isAscending: true },
  subject: { property: "subject", isAscending: true },
};

export function question(app: App, place: Extract<Place, { view: "mail" | "search" }>, how: { only: Only; order: Order }): Question | null {
  const sort = [ORDER[how.order]];
  if (place.view === "search") {
    if (!place.query.trim()) return null;
    const accounts = app.accountIds.map((accountId) => ({ accountId, filter: searching(app, accountId, place.query, ONLY[how.only]) }));
    return { accounts, sort, collapseThreads: false };
  }
  const accounts = app.mailboxQuestion(place.account, place.mailbox, ONLY[how.only]);
  return accounts.length ? { accounts, sort, collapseThreads: app.settings.values.conversations } : null;
}

/** Our own server reads the search language itself; to any other it is said in JMAP's terms. */
function searching(app: App, accountId: Id, query: string, also: Filter): Filter {
  if (app.client.offers("Search/parse")) return { search: query, ...also };
  const named = (name: string) => app.mailboxes.of(accountId).find((box) => [box.name, box.role].some((each) => each?.toLowerCase() === name.toLowerCase()))?.id ?? null;
  const found = filterOf(query, named);
  return Object.keys(also).length ? { operator: "AND", conditions: [found, also] } : found;
}

const OPERATOR = /^-?(?:[a-z]+:)?/i;

/** The words of a search that are to be marked in what is found. */
export function termsOf(query: string): string[] {
  const pieces = query.match(/-?(?:\w+:)?"[^"]*"|\S+/g) ?? [];
  return pieces
    .filter((piece) => !piece.startsWith("-") && !/^(in|is|has|before|after):/i.test(piece) && piece !== "OR")
    .map((piece) => piece.replace(OPERATOR, "").replace(/"/g, ""))
    .filter(Boolean);
}
