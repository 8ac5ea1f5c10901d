/** Where one is, as the address bar's fragment: back and forward work, a view can be a bookmark. */

export type Place =
  | { view: "mail"; account: string; mailbox: string; open: string | null }
  | { view: "search"; query: string; open: string | null }
  | { view: "outbox" | "activity" | "statistics" | "rules" | "settings" | "setup" }
  | { view: "wire"; connection: string | null };

const PLAIN = ["outbox", "activity", "statistics", "rules", "settings", "setup"] as const;

export function parsePlace(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (view === "mail") return { view, account: rest[0] ?? "all", mailbox: rest[1] ?? "inbox", open: rest[2] ?? null };
  if (view === "search") return { view, query: rest[0] ?? "", open: rest[1] ?? null };
  if (view === "wire") return { view, connection: rest[0] ?? null };
  const plain = PLAIN.find((each) => each === view);
  return plain ? { view: plain } : { view: "mail", account: "all", mailbox: "inbox", open: null };
}

export function placeHash(place: Place): string {
  const rest =
    place.view === "mail" ? [place.account, place.mailbox, place.open]
    : place.view === "search" ? [place.query, place.open]
    : place.view === "wire" ? [place.connection]
    : [];
  const given = rest.filter((each): each is string => each !== null);
  return `#/${[place.view, ...given].map(encodeURIComponent).join("/")}`;
}

export class Route {
  place = $state.raw<Place>(parsePlace(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.place = parsePlace(location.hash)));
  }

  go(place: Place): void {
    const hash = placeHash(place);
    this.place = place;
    if (location.hash !== hash) history.pushState(null, "", hash);
  }

  /** Go without a step to go back to: the search follows what is typed. */
  replace(place: Place): void {
    this.place = place;
    history.replaceState(null, "", placeHash(place));
  }

  /** Open a conversation of the list that is shown, or close it; moving on from one replaces it. */
  open(key: string | null): void {
    const { place } = this;
    if (place.view !== "mail" && place.view !== "search") return;
    const hadOpen = place.open !== null;
    const next = { ...place, open: key };
    this.place = next;
    if (hadOpen) history.replaceState(null, "", placeHash(next));
    else history.pushState(null, "", placeHash(next));
  }
}
