/** The mailboxes of all accounts. */

import { SvelteMap } from "svelte/reactivity";
import { type Client, MethodError } from "../jmap/client";
import type { GetResponse, Head, Id, Mailbox, Role, SetResponse } from "../jmap/types";

/** How mailboxes with a role stand in the list; the others follow by name. */
const ORDER: Role[] = ["inbox", "flagged", "snoozed", "drafts", "sent", "archive", "all", "junk", "trash"];

/** What the mailboxes that people file into are called on a server that has none. */
const NAMES = { archive: "Archive", drafts: "Drafts", junk: "Junk", sent: "Sent", trash: "Trash" };

export type Filing = keyof typeof NAMES | "inbox";

export interface Shown {
  mailbox: Mailbox;
  depth: number;
}

export class Mailboxes {
  #byAccount = new SvelteMap<Id, Mailbox[]>();

  constructor(private readonly client: Client) {}

  async load(accountId: Id): Promise<void> {
    const { list } = await this.client.call<GetResponse<Mailbox>>("Mailbox/get", { accountId, ids: null });
    this.keep(accountId, list);
  }

  keep(accountId: Id, list: Mailbox[]): void {
    this.#byAccount.set(accountId, list);
  }

  drop(accountId: Id): void {
    this.#byAccount.delete(accountId);
  }

  of(accountId: Id): Mailbox[] {
    return this.#byAccount.get(accountId) ?? [];
  }

  find(accountId: Id, id: Id): Mailbox | undefined {
    return this.of(accountId).find((each) => each.id === id);
  }

  role(accountId: Id, role: Role): Mailbox | undefined {
    return this.of(accountId).find((each) => each.role === role);
  }

  /** The mailbox with most in it; undefined where all are empty. */
  fullest(accountId: Id): Mailbox | undefined {
    return this.of(accountId).filter((each) => each.totalEmails).sort((a, b) => b.totalEmails - a.totalEmails)[0];
  }

  /** The mailbox with a role; many servers begin without some of them, so it is made when it is needed. */
  async ensure(accountId: Id, role: Filing): Promise<Mailbox> {
    const known = this.role(accountId, role);
    if (known || role === "inbox") return known!;
    const name = NAMES[role];
    const named = this.of(accountId).find((each) => each.name === name && each.parentId === null);
    const wanted = named ? { update: { [named.id]: { role } } } : { create: { new: { name, role } } };
    const answer = await this.client.call<SetResponse<{ id: Id }>>("Mailbox/set", { accountId, ...wanted });
    const failed = Object.values({ ...answer.notCreated, ...answer.notUpdated })[0];
    if (failed) throw MethodError.of(failed);
    await this.load(accountId);
    return this.role(accountId, role)!;
  }

  /** The mailboxes as a list with depths, children after their parents. */
  tree(accountId: Id): Shown[] {
    const list = this.of(accountId).filter((each) => each.isSubscribed || each.role);
    const under = (parentId: Id | null, depth: number): Shown[] =>
      list
        .filter((each) => each.parentId === parentId || (parentId === null && !list.some((other) => other.id === each.parentId)))
        .sort(compare)
        .flatMap((mailbox) => [{ mailbox, depth }, ...under(mailbox.id, depth + 1)]);
    return under(null, 0);
  }

  /** Unread messages in all inboxes. */
  get unread(): number {
    return [...this.#byAccount.keys()].reduce((sum, id) => sum + (this.role(id, "inbox")?.unreadEmails ?? 0), 0);
  }

  /** Count what a change of messages does to the mailboxes, until the server says it itself. */
  count(accountId: Id, changes: [before: Head, after: Head][]): void {
    const deltas = new Map<Id, { total: number; unread: number }>();
    for (const [before, after] of changes) {
      tally(deltas, before, -1);
      tally(deltas, after, 1);
    }
    const next = this.of(accountId).map((each) => {
      const delta = deltas.get(each.id);
      if (!delta) return each;
      const unreadEmails = Math.max(0, each.unreadEmails + delta.unread);
      return { ...each, totalEmails: Math.max(0, each.totalEmails + delta.total), unreadEmails };
    });
    this.keep(accountId, next);
  }
}

function tally(deltas: Map<Id, { total: number; unread: number }>, head: Head, sign: number): void {
  for (const id of Object.keys(head.mailboxIds)) {
    const delta = deltas.get(id) ?? { total: 0, unread: 0 };
    deltas.set(id, delta);
    delta.total += sign;
    if (!head.keywords.$seen) delta.unread += sign;
  }
}

function compare(a: Mailbox, b: Mailbox): number {
  const place = (each: Mailbox) => (each.role ? (ORDER.indexOf(each.role) + 99) % 99 : 99);
  return place(a) - place(b) || a.sortOrder - b.sortOrder || a.name.localeCompare(b.name);
}
