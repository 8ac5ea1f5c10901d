/** From where one is to what is asked of the server. */

import type { Filter } from "../../lib/jmap/types";
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
    return { accountIds: app.accountIds, filter: { search: place.query, ...ONLY[how.only] }, sort, collapseThreads: false, isSearch: true };
  }
  const boxes = app.boxes(place.account, place.mailbox);
  if (!boxes.length) return null;
  const within = boxes.map(({ id }) => ({ inMailbox: id }));
  const among = within.length > 1 ? { operator: "OR", conditions: within } : within[0]!;
  const filter = how.only === "all" ? among : { operator: "AND", conditions: [among, ONLY[how.only]] };
  return { accountIds: boxes.map(({ accountId }) => accountId), filter, sort, collapseThreads: app.settings.values.conversations };
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
