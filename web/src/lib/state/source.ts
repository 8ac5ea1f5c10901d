/** Where a list's rows come from: one account's query, or several merged by time. */

import type { Client } from "../jmap/client";
import { HEAD_PROPERTIES } from "../jmap/types";
import type { Filter, GetResponse, Head, Id, QueryResponse } from "../jmap/types";
import { type Emails, type Key, keyOf } from "./emails.svelte";

export interface Sort {
  property: string;
  isAscending: boolean;
}

export interface Question {
  accounts: { accountId: Id; filter: Filter }[];
  sort: Sort[];
  collapseThreads: boolean;
  /** What a search finds is shown before its number is known: to count it all takes longer than to find a page of it. */
  isSearch?: boolean;
}

export interface Page {
  keys: Key[];
  /** Null: more than these, and not counted yet. */
  total: number | null;
}

/** Ask one account: ids, heads and threads in one request. */
async function ask(client: Client, emails: Emails, question: Question, index: number, position: number, limit: number): Promise<Page> {
  const { accountId, filter } = question.accounts[index]!;
  const { sort, collapseThreads, isSearch } = question;
  const [found, heads, threads] = await client.chain([
    ["Email/query", { accountId, filter, sort, collapseThreads, position, limit, calculateTotal: !isSearch }],
    ["Email/get", { accountId, "#ids": { resultOf: "0", name: "Email/query", path: "/ids" }, properties: HEAD_PROPERTIES }],
    ["Thread/get", { accountId, "#ids": { resultOf: "1", name: "Email/get", path: "/list/*/threadId" } }],
  ]);
  const { list, state } = heads as unknown as GetResponse<Head>;
  emails.keepHeads(accountId, list, state);
  emails.keepThreads(accountId, (threads as unknown as GetResponse<{ id: Id; emailIds: Id[] }>).list);
  const { ids, total } = found as unknown as QueryResponse;
  const isEnd = ids.length < limit && (ids.length > 0 || position === 0);
  return { keys: ids.map((id) => keyOf(accountId, id)), total: total ?? (isEnd ? position + ids.length : null) };
}

async function count(client: Client, question: Question, index: number): Promise<number> {
  const { accountId, filter } = question.accounts[index]!;
  const { collapseThreads } = question;
  const found = await client.call<QueryResponse>("Email/query", { accountId, filter, collapseThreads, limit: 0, calculateTotal: true });
  return found.total ?? 0;
}

export interface Source {
  page(position: number, limit: number): Promise<Page>;
  /** How many there are in all, where a page does not tell. */
  count(): Promise<number>;
}

export function source(client: Client, emails: Emails, question: Question): Source {
  if (question.accounts.length === 1) {
    return { page: (position, limit) => ask(client, emails, question, 0, position, limit), count: () => count(client, question, 0) };
  }
  return new Merged(client, emails, question);
}

const BLOCK = 100;

interface Stream {
  keys: Key[];
  taken: number;
  asked: number;
  total: number;
}

/** Several accounts, newest first: each is read on in blocks as far as the merged list is looked at. */
class Merged implements Source {
  #streams: Stream[];
  #merged: Key[] = [];

  constructor(
    private readonly client: Client,
    private readonly emails: Emails,
    private readonly question: Question,
  ) {
    this.#streams = question.accounts.map(() => ({ keys: [], taken: 0, asked: 0, total: Infinity }));
  }

  async page(position: number, limit: number): Promise<Page> {
    while (this.#merged.length < position + limit) {
      await Promise.all(this.#streams.map((stream, index) => this.#fill(stream, index)));
      if (!this.#take(position + limit)) break;
    }
    const total = this.#streams.reduce((sum, stream) => sum + stream.total, 0);
    return { keys: this.#merged.slice(position, position + limit), total: Number.isFinite(total) ? total : null };
  }

  async count(): Promise<number> {
    const each = this.question.accounts.map((_, index) => count(this.client, this.question, index));
    return (await Promise.all(each)).reduce((sum, one) => sum + one, 0);
  }

  async #fill(stream: Stream, index: number): Promise<void> {
    if (stream.taken < stream.keys.length || stream.asked >= stream.total) return;
    const { keys, total } = await ask(this.client, this.emails, this.question, index, stream.asked, BLOCK);
    stream.asked += BLOCK;
    stream.total = total ?? Infinity;
    stream.keys.push(...keys);
  }

  /** Merge until `wanted` are there or a stream must be read on; false when all are at their end. */
  #take(wanted: number): boolean {
    for (;;) {
      const ready = this.#streams.filter((stream) => stream.taken < stream.keys.length);
      if (ready.length === 0) return this.#streams.some((stream) => stream.asked < stream.total);
      const newest = ready.reduce((best, stream) => (this.#time(stream) > this.#time(best) ? stream : best));
      this.#merged.push(newest.keys[newest.taken++]!);
      if (this.#merged.length >= wanted) return true;
      if (newest.taken === newest.keys.length && newest.asked < newest.total) return true;
    }
  }

  #time(stream: Stream): string {
    return this.emails.heads.get(stream.keys[stream.taken]!)?.receivedAt ?? "";
  }
}
