/** Which row is under the hand, and which are chosen to be handled together. */

import { SvelteSet } from "svelte/reactivity";
import type { Key } from "./emails.svelte";
import type { MessageList } from "./list.svelte";

export class Selection {
  cursor = $state<Key | null>(null);
  readonly chosen = new SvelteSet<Key>();
  /** Everything that the list holds is meant, also what is not here. */
  isAll = $state(false);
  #anchor: Key | null = null;

  /** What an action acts on: the chosen rows, or else the one under the hand. */
  async rows(list: MessageList | null): Promise<Key[]> {
    if (this.isAll && list) return list.all();
    if (this.chosen.size > 0) return [...this.chosen];
    return this.cursor ? [this.cursor] : [];
  }

  get size(): number {
    return this.chosen.size;
  }

  toggle(key: Key): void {
    this.isAll = false;
    if (!this.chosen.delete(key)) this.chosen.add(key);
    this.#anchor = key;
  }

  /** Choose all rows from where choosing began to `key`. */
  extend(list: MessageList, key: Key): void {
    const from = list.indexOf(this.#anchor ?? this.cursor);
    const to = list.indexOf(key);
    for (const each of list.between(from < 0 ? to : from, to)) this.chosen.add(each);
    this.#anchor ??= this.cursor ?? key;
  }

  all(list: MessageList): void {
    for (const each of list.between(0, list.total)) this.chosen.add(each);
    this.isAll = true;
  }

  clear(): void {
    this.chosen.clear();
    this.isAll = false;
    this.#anchor = null;
  }
}
