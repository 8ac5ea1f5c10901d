/** The messages that the page has seen: heads for lists, whole ones for the reader, and their threads. */

import { SvelteMap } from "svelte/reactivity";
import { MethodError, type Client } from "../jmap/client";
import { BODY_PROPERTIES, EMAIL_PROPERTIES, HEAD_PROPERTIES } from "../jmap/types";
import type { Email, GetResponse, Head, Id } from "../jmap/types";
import { type Key, keyOf, parts, shed, threadOf } from "./bounded";
import { applied, type Patch } from "./patch";

export { type Key, keyOf, parts } from "./bounded";

interface Thread {
  id: Id;
  emailIds: Id[];
}

/** So many whole messages stay in memory; the oldest go first. */
const WHOLE = 60;
/** So many heads stay in memory, and all that are in use. */
const HEADS = 600;
const AT_ONCE = 500;

export class Emails {
  readonly heads = new SvelteMap<Key, Head>();
  readonly whole = new SvelteMap<Key, Email>();
  readonly threads = new SvelteMap<Key, Id[]>();
  /** Told of messages that came while the page was looking. */
  onCreated: (keys: Key[]) => void = () => undefined;
  /** The messages that are on screen, chosen or open: their heads stay. */
  inUse: () => Key[] = () => [];
  #holders = 0;
  #states = new Map<Id, string>();

  constructor(private readonly client: Client) {}

  keepHeads(accountId: Id, list: Head[], state?: string): void {
    for (const head of list) {
      const key = keyOf(accountId, head.id);
      this.heads.delete(key); // it is now the newest
      this.heads.set(key, head);
    }
    this.#shed(list.length);
    if (state && !this.#states.has(accountId)) this.#states.set(accountId, state);
  }

  keepThreads(accountId: Id, list: Thread[]): void {
    for (const thread of list) this.threads.set(keyOf(accountId, thread.id), thread.emailIds);
  }

  /** The keys of the messages in the same conversation, oldest first. */
  siblings(key: Key): Key[] {
    const head = this.heads.get(key);
    const ids = head && this.threads.get(threadOf(key, head));
    return ids ? ids.map((id) => keyOf(parts(key)[0], id)) : [key];
  }

  /** Whether the head and the conversation of a message are here. */
  knows(key: Key): boolean {
    const head = this.heads.get(key);
    return head !== undefined && this.threads.has(threadOf(key, head));
  }

  /** Carry out what reads many heads: none is dropped meanwhile. */
  async holding<T>(run: () => Promise<T>): Promise<T> {
    this.#holders++;
    try {
      return await run();
    } finally {
      this.#holders--;
    }
  }

  #shed(fresh: number): void {
    const most = Math.max(HEADS, fresh);
    if (this.#holders > 0 || this.heads.size <= most) return;
    shed(this.heads, this.threads, most, new Set(this.inUse().flatMap((key) => this.siblings(key))));
  }

  patch(key: Key, patch: Patch): void {
    const head = this.heads.get(key);
    if (head) this.heads.set(key, applied(head, patch));
    const whole = this.whole.get(key);
    if (whole) this.whole.set(key, applied(whole, patch));
  }

  forget(keys: Key[]): void {
    for (const key of keys) {
      this.heads.delete(key);
      this.whole.delete(key);
    }
  }

  /** Fetch heads, and their conversations, that are not here. */
  async needHeads(keys: Key[]): Promise<void> {
    for (const [accountId, missing] of grouped(keys.filter((key) => !this.knows(key)))) {
      for (let at = 0; at < missing.length; at += AT_ONCE) await this.#fetch(accountId, missing.slice(at, at + AT_ONCE));
    }
  }

  async #fetch(accountId: Id, ids: Id[]): Promise<void> {
    const [emails, threads] = await this.client.chain([
      ["Email/get", { accountId, ids, properties: HEAD_PROPERTIES }],
      ["Thread/get", { accountId, "#ids": { resultOf: "0", name: "Email/get", path: "/list/*/threadId" } }],
    ]);
    this.keepHeads(accountId, (emails as unknown as GetResponse<Head>).list);
    this.keepThreads(accountId, (threads as unknown as GetResponse<Thread>).list);
  }

  /** Fetch a conversation, whole; what is here already is not fetched again. */
  async conversation(accountId: Id, threadId: Id): Promise<Key[]> {
    const [threads, emails] = await this.client.chain([
      ["Thread/get", { accountId, ids: [threadId] }],
      ["Email/get", { accountId, "#ids": { resultOf: "0", name: "Thread/get", path: "/list/*/emailIds" }, ...WHOLE_EMAIL }],
    ]);
    this.keepThreads(accountId, (threads as unknown as GetResponse<Thread>).list);
    this.#keepWhole(accountId, emails as unknown as GetResponse<Email>);
    return (this.threads.get(keyOf(accountId, threadId)) ?? []).map((id) => keyOf(accountId, id));
  }

  /** Fetch as much of a conversation as is here: a message that is named by its own id has its octets still to come. */
  async conversationHere(accountId: Id, threadId: Id): Promise<Key[]> {
    const [threads, heads] = await this.client.chain([
      ["Thread/get", { accountId, ids: [threadId] }],
      ["Email/get", { accountId, "#ids": { resultOf: "0", name: "Thread/get", path: "/list/*/emailIds" }, properties: [...HEAD_PROPERTIES, "blobId"] }],
    ]);
    const { list } = heads as unknown as GetResponse<Head & { blobId: Id }>;
    this.keepThreads(accountId, (threads as unknown as GetResponse<Thread>).list);
    this.keepHeads(accountId, list);
    const ids = list.filter(({ id, blobId }) => blobId !== id).map(({ id }) => id);
    if (ids.length) this.#keepWhole(accountId, await this.client.call<GetResponse<Email>>("Email/get", { accountId, ids, ...WHOLE_EMAIL }));
    return list.map(({ id }) => keyOf(accountId, id));
  }

  async one(accountId: Id, id: Id): Promise<Email | undefined> {
    const answer = await this.client.call<GetResponse<Email>>("Email/get", { accountId, ids: [id], ...WHOLE_EMAIL });
    this.#keepWhole(accountId, answer);
    return answer.list[0];
  }

  #keepWhole(accountId: Id, { list, state }: GetResponse<Email>): void {
    this.keepHeads(accountId, list.map(headOf), state);
    for (const email of list) {
      const key = keyOf(accountId, email.id);
      this.whole.delete(key);
      this.whole.set(key, email);
    }
    for (const key of this.whole.keys()) {
      if (this.whole.size <= Math.max(WHOLE, list.length)) break;
      this.whole.delete(key);
    }
  }

  /** Learn what changed in an account since it was last asked; false where only asking anew helps. */
  async refresh(accountId: Id): Promise<void> {
    const sinceState = this.#states.get(accountId);
    if (!sinceState) return;
    try {
      await this.#changes(accountId, sinceState);
    } catch (error) {
      if (!(error instanceof MethodError) || error.type !== "cannotCalculateChanges") throw error;
      this.#states.delete(accountId);
      await this.#again(accountId, [...this.heads.keys()].filter((key) => parts(key)[0] === accountId));
    }
  }

  async #changes(accountId: Id, sinceState: string): Promise<void> {
    interface Changes { newState: string; created: Id[]; updated: Id[]; destroyed: Id[]; hasMoreChanges: boolean }
    const changes = await this.client.call<Changes>("Email/changes", { accountId, sinceState });
    this.#states.set(accountId, changes.newState);
    this.forget(changes.destroyed.map((id) => keyOf(accountId, id)));
    if (changes.created.length) this.onCreated(changes.created.map((id) => keyOf(accountId, id)));
    await this.#again(accountId, changes.updated.map((id) => keyOf(accountId, id)).filter((key) => this.heads.has(key)));
    if (changes.hasMoreChanges) await this.#changes(accountId, changes.newState);
  }

  async #again(accountId: Id, keys: Key[]): Promise<void> {
    for (let at = 0; at < keys.length; at += 200) {
      const ids = keys.slice(at, at + 200).map((key) => parts(key)[1]);
      const { list } = await this.client.call<GetResponse<Head>>("Email/get", { accountId, ids, properties: HEAD_PROPERTIES });
      for (const head of list) {
        const key = keyOf(accountId, head.id);
        this.heads.set(key, head);
        const whole = this.whole.get(key);
        if (whole) this.whole.set(key, { ...whole, ...head });
      }
    }
  }
}

const WHOLE_EMAIL = {
  properties: EMAIL_PROPERTIES,
  bodyProperties: BODY_PROPERTIES,
  fetchTextBodyValues: true,
  maxBodyValueBytes: 1_000_000,
};

/** The head alone: more heads are kept than bodies. */
const headOf = (email: Email): Head => Object.fromEntries(HEAD_PROPERTIES.map((name) => [name, email[name]])) as unknown as Head;

export function grouped(keys: Key[]): Map<Id, Id[]> {
  const groups = new Map<Id, Id[]>();
  for (const key of keys) {
    const [accountId, id] = parts(key);
    const group = groups.get(accountId);
    if (group) group.push(id);
    else groups.set(accountId, [id]);
  }
  return groups;
}
