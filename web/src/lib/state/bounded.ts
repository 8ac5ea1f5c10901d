/** What keeps the page's memory of heads small: the oldest go, and with them what is known of their threads. */

import type { Head, Id } from "../jmap/types.ts";

/** An account and an id in it: what names a message, or a thread, in the whole page. */
export type Key = `${Id}/${Id}`;

export const keyOf = (accountId: Id, id: Id): Key => `${accountId}/${id}`;
export const parts = (key: Key): [accountId: Id, id: Id] => key.split("/") as [Id, Id];

/** The key of the conversation that a message belongs to. */
export const threadOf = (key: Key, head: Head): Key => keyOf(parts(key)[0], head.threadId);

/** Drop the oldest heads, and their threads, until no more than `most` are left; none of `used` goes. */
export function shed(heads: Map<Key, Head>, threads: Map<Key, Id[]>, most: number, used: ReadonlySet<Key>): void {
  for (const [key, head] of heads) {
    if (heads.size <= most) return;
    if (used.has(key)) continue;
    heads.delete(key);
    threads.delete(threadOf(key, head));
  }
}
