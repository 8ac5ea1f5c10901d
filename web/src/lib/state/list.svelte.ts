/**
 * A list of messages of any length: of its rows only those near the window are here, as a sparse array
 * of keys. What changes elsewhere is asked anew for the window alone.
 */

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import type { Client } from "../jmap/client";
import type { Emails, Key } from "./emails.svelte";
import { count, type Excerpt, excerpts, found, page, type Page, type Question } from "./source";

const BLOCK = 50;
/** So many excerpts stay in memory; the oldest go first. */
const EXCERPTS = 600;

export class MessageList {
  /** Moves whenever a row or the total does. */
  version = $state(0);
  total = $state(0);
  isLoaded = $state(false);
  /** Until it is, `total` is as many as are known. */
  isCounted = $state(false);
  error = $state<Error | null>(null);
  /** Why a search has found what is looked at, as far as that is told. */
  readonly excerpts = new SvelteMap<Key, Excerpt>();
  #explained = new Set<Key>();
  #keys: (Key | undefined)[] = [];
  #asked = new Set<number>();
  #window: [number, number] = [0, BLOCK];
  #round = 0;
  #counting: Promise<void> | null = null;
  /** Rows whose heads were dropped since, and are being fetched again. */
  #coming = new Set<Key>();

  constructor(
    private readonly client: Client,
    private readonly emails: Emails,
    readonly question: Question,
  ) {}

  at(index: number): Key | undefined {
    void this.version;
    return this.#keys[index];
  }

  indexOf(key: Key | null): number {
    void this.version;
    return key === null ? -1 : this.#keys.indexOf(key);
  }

  /** The keys between two rows, as far as they are here. */
  between(from: number, to: number): Key[] {
    const rows = this.#keys.slice(Math.min(from, to), Math.max(from, to) + 1);
    return rows.filter((key): key is Key => key !== undefined);
  }

  /** Fetch the first rows; what goes wrong is kept as the list's error. */
  begin(): Promise<void> {
    return this.#load(0);
  }

  /** The keys of the rows that are looked at. */
  get looked(): Key[] {
    return this.between(...this.#window);
  }

  /** Say which rows are looked at: what is not here, or not here any more, is fetched. */
  look(from: number, to: number): void {
    this.#window = [Math.max(0, from), to];
    const first = Math.floor(Math.max(0, from) / BLOCK);
    const last = Math.floor(Math.max(0, Math.min(to, this.isLoaded ? this.total - 1 : to)) / BLOCK);
    for (let block = first; block <= last; block++) void this.#load(block);
    untrack(() => {
      void this.#regain(first * BLOCK, (last + 1) * BLOCK - 1);
      void this.#explain();
    });
  }

  /** Ask why a search has found what is looked at; until that is told, messages show how they begin. */
  async #explain(): Promise<void> {
    if (!this.question.isSearch) return;
    const keys = this.looked.filter((key) => !this.#explained.has(key));
    if (keys.length === 0) return;
    for (const key of keys) this.#explained.add(key);
    try {
      for (const [key, excerpt] of await excerpts(this.client, this.question, keys)) this.excerpts.set(key, excerpt);
    } catch {
      for (const key of keys) this.#explained.delete(key); // to be asked again when one looks again
    }
    for (const key of this.excerpts.keys()) {
      if (this.excerpts.size <= EXCERPTS) break;
      this.excerpts.delete(key);
      this.#explained.delete(key);
    }
  }

  async #regain(from: number, to: number): Promise<void> {
    const lost = this.between(from, to).filter((key) => !this.emails.knows(key) && !this.#coming.has(key));
    if (lost.length === 0) return;
    for (const key of lost) this.#coming.add(key);
    try {
      await this.emails.needHeads(lost);
    } finally {
      for (const key of lost) this.#coming.delete(key);
    }
  }

  #page(position: number, limit: number): Promise<Page> {
    return page(this.client, this.emails, this.question, position, limit);
  }

  async #load(block: number): Promise<void> {
    if (this.#asked.has(block)) return;
    this.#asked.add(block);
    const round = this.#round;
    try {
      const { keys, total } = await this.#page(block * BLOCK, BLOCK);
      if (round === this.#round) this.#put(block * BLOCK, keys, total);
    } catch (error) {
      this.#asked.delete(block);
      this.error = error as Error;
    }
  }

  #put(position: number, keys: Key[], total: number | null): void {
    keys.forEach((key, index) => (this.#keys[position + index] = key));
    this.isLoaded = true;
    this.error = null;
    if (total === null) {
      this.#resize(Math.max(this.total, position + keys.length));
      this.#counting ??= this.#count();
    } else {
      this.#resize(total);
      this.isCounted = true;
    }
    void this.#explain();
  }

  async #count(): Promise<void> {
    const round = this.#round;
    const total = await count(this.client, this.question);
    if (round !== this.#round) return;
    this.#resize(total);
    this.isCounted = true;
  }

  #resize(total: number): void {
    this.#keys.length = this.total = total;
    this.version++;
  }

  /** Take rows off the list before the server says so. */
  remove(keys: Iterable<Key>): void {
    const gone = new Set(keys);
    const before = this.#keys.length;
    const rows: (Key | undefined)[] = [];
    let shift = 0;
    this.#keys.forEach((key, index) => {
      if (key !== undefined && gone.has(key)) shift++;
      else rows[index - shift] = key;
    });
    rows.length = before - shift;
    this.#keys = rows;
    this.total = rows.length;
    this.version++;
  }

  /** Ask anew for what is looked at; the rest is asked for when one gets there. */
  async refresh(): Promise<void> {
    const round = ++this.#round;
    const from = Math.floor(this.#window[0] / BLOCK) * BLOCK;
    const limit = Math.max(BLOCK, Math.ceil((this.#window[1] + 1 - from) / BLOCK) * BLOCK);
    const { keys, total } = await this.#page(from, limit);
    if (round !== this.#round) return;
    this.#counting = null;
    this.#keys = [];
    this.#asked = new Set(Array.from({ length: limit / BLOCK }, (_, index) => from / BLOCK + index));
    this.#put(from, keys, total);
  }

  /** Every key of the list, fetched in blocks: for acting on all of it. */
  async all(): Promise<Key[]> {
    await this.#counting;
    const keys: Key[] = [];
    for (let at = 0; at < this.total; at += 500) keys.push(...(await found(this.client, this.question, at, 500)));
    return keys;
  }
}
