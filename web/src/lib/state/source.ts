/** Where a list's rows come from: a query of one account, or one through several. */

import { near, type Pieces, piecesOf } from "../excerpt";
import type { Client } from "../jmap/client";
import { HEAD_PROPERTIES } from "../jmap/types";
import type { Filter, GetResponse, Head, Id, QueryResponse, SearchSnippet } from "../jmap/types";
import { grouped, type Emails, type Key, keyOf } from "./emails.svelte";

export interface Sort {
  property: string;
  isAscending: boolean;
}

export interface Question {
  accountIds: Id[];
  filter: Filter;
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

/** Why a message was found; what is missing has nothing of it. */
export interface Excerpt {
  subject: Pieces | undefined;
  text: Pieces | undefined;
}

type Call = [name: string, args: Record<string, unknown>];

/** The query, and where its answer has the ids of an account. */
function query({ accountIds, filter, sort, collapseThreads }: Question): { name: string; args: Record<string, unknown>; path: (accountId: Id) => string } {
  const asked = { filter, sort, collapseThreads };
  if (accountIds.length === 1) return { name: "Email/query", args: { accountId: accountIds[0], ...asked }, path: () => "/ids" };
  return { name: "Emails/query", args: { accountIds, ...asked }, path: (accountId) => `/byAccount/${accountId}` };
}

interface Found extends QueryResponse {
  /** Of several accounts, whose each message is. */
  owners?: Id[];
}

/** A part of the list: ids, heads and threads in one request. */
export async function page(client: Client, emails: Emails, question: Question, position: number, limit: number): Promise<Page> {
  const { name, args, path } = query(question);
  const { accountIds, isSearch } = question;
  const calls: Call[] = [[name, { ...args, position, limit, calculateTotal: !isSearch }]];
  for (const accountId of accountIds) {
    calls.push(["Email/get", { accountId, "#ids": { resultOf: "0", name, path: path(accountId) }, properties: HEAD_PROPERTIES }]);
    calls.push(["Thread/get", { accountId, "#ids": { resultOf: String(calls.length - 1), name: "Email/get", path: "/list/*/threadId" } }]);
  }
  const [answer, ...got] = await client.chain(calls);
  accountIds.forEach((accountId, at) => {
    const { list, state } = got[2 * at] as unknown as GetResponse<Head>;
    emails.keepHeads(accountId, list, state);
    emails.keepThreads(accountId, (got[2 * at + 1] as unknown as GetResponse<{ id: Id; emailIds: Id[] }>).list);
  });
  const told = answer as unknown as Found;
  const { ids, total } = told;
  const isEnd = ids.length < limit && (ids.length > 0 || position === 0);
  return { keys: keysOf(question, told), total: total ?? (isEnd ? position + ids.length : null) };
}

const keysOf = ({ accountIds }: Question, { ids, owners }: Found): Key[] => ids.map((id, at) => keyOf(owners?.[at] ?? accountIds[0]!, id));

/** The keys of a part of the list, without their heads. */
export async function found(client: Client, question: Question, position: number, limit: number): Promise<Key[]> {
  const { name, args } = query(question);
  return keysOf(question, await client.call<Found>(name, { ...args, position, limit }));
}

/** How many there are in all, where a page does not tell. */
export async function count(client: Client, question: Question): Promise<number> {
  const { name, args } = query(question);
  return (await client.call<QueryResponse>(name, { ...args, limit: 0, calculateTotal: true })).total ?? 0;
}

/** Why messages were found by a search: what it looks for, marked in subject and text. */
export async function excerpts(client: Client, { filter }: Question, keys: Key[]): Promise<Map<Key, Excerpt>> {
  const told = new Map<Key, Excerpt>();
  const each = [...grouped(keys)].map(async ([accountId, emailIds]) => {
    const { list } = await client.call<{ list: SearchSnippet[] }>("SearchSnippet/get", { accountId, filter, emailIds });
    for (const { emailId, subject, preview } of list) {
      told.set(keyOf(accountId, emailId), { subject: subject === null ? undefined : piecesOf(subject), text: preview === null ? undefined : near(piecesOf(preview)) });
    }
  });
  await Promise.all(each);
  return told;
}
