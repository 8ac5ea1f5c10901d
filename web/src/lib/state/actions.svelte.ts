/** What can be done with messages: at once on screen, then at the server, with undo for all of it. */

import { MethodError, Unreachable, type Client } from "../jmap/client";
import type { Head, Id, SetError } from "../jmap/types";
import { texts } from "../i18n/index.svelte";
import { type Emails, grouped, type Key, keyOf, parts } from "./emails.svelte";
import type { Filing, Mailboxes } from "./mailboxes.svelte";
import type { Pending } from "./pending";
import { applied, inverse, type Patch } from "./patch";
import type { Toasts } from "./toasts.svelte";

type PatchOf = (head: Head, accountId: Id) => Patch;

interface Did {
  keys: Key[];
  patchOf: PatchOf;
  words: string;
  /** Whether the rows leave the list that is shown. */
  leaves: boolean;
}

export interface Shown {
  /** The mailbox of the list, per account; null in a search. */
  here(accountId: Id): Id | null;
  remove(keys: Key[]): void;
  refresh(): void;
}

export class Actions {
  shown: Shown | null = null;

  constructor(
    private readonly client: Client,
    private readonly emails: Emails,
    private readonly mailboxes: Mailboxes,
    private readonly pending: Pending,
    private readonly toasts: Toasts,
  ) {}

  async archive(rows: Key[]): Promise<void> {
    await this.#file(rows, "archive", (count) => texts.t.toast.archived(count));
  }

  async trash(rows: Key[]): Promise<void> {
    await this.#file(rows, "trash", (count) => texts.t.toast.deleted(count));
  }

  async spam(rows: Key[]): Promise<void> {
    const words = (count: number) => texts.t.toast.spam(count);
    await this.#file(rows, "junk", words, { "keywords/$junk": true, "keywords/$notjunk": null });
  }

  async notSpam(rows: Key[]): Promise<void> {
    const words = (count: number) => texts.t.toast.notSpam(count);
    await this.#file(rows, "inbox", words, { "keywords/$junk": null, "keywords/$notjunk": true });
  }

  async move(rows: Key[], accountId: Id, mailboxId: Id): Promise<void> {
    const name = this.mailboxes.find(accountId, mailboxId)?.name ?? "";
    const keys = await this.#conversations(rows.filter((key) => parts(key)[0] === accountId));
    const patchOf: PatchOf = (head, account) => this.#from(head, account, mailboxId);
    await this.#do({ keys, patchOf, words: texts.t.toast.moved(rows.length, name), leaves: true }, rows);
  }

  /** Put into, or take out of, a mailbox that serves as a label. */
  async label(rows: Key[], accountId: Id, mailboxId: Id): Promise<void> {
    const keys = rows.filter((key) => parts(key)[0] === accountId);
    await this.emails.holding(async () => {
      await this.emails.needHeads(keys);
      const isOn = keys.every((key) => this.emails.heads.get(key)?.mailboxIds[mailboxId]);
      const patchOf: PatchOf = () => ({ [`mailboxIds/${mailboxId}`]: isOn ? null : true });
      await this.#do({ keys, patchOf, words: texts.t.toast.labelled(keys.length), leaves: false }, []);
    });
  }

  async flag(rows: Key[], value: boolean): Promise<void> {
    const words = value ? texts.t.toast.flagged(rows.length) : texts.t.toast.unflagged(rows.length);
    await this.#do({ keys: rows, patchOf: keyword("$flagged", value), words, leaves: false }, []);
  }

  /** Mark as read or not; `isQuiet` where opening a message does it. */
  async read(rows: Key[], value: boolean): Promise<void> {
    const keys = value ? await this.#conversations(rows, false) : rows;
    await this.#seen(keys, value, value ? texts.t.toast.read(rows.length) : texts.t.toast.unread(rows.length));
  }

  /** Mark messages, and nothing else of their conversations, as read without a word: they are being looked at. */
  async looked(keys: Key[]): Promise<void> {
    await this.#seen(keys, true, "");
  }

  async #seen(keys: Key[], value: boolean, words: string): Promise<void> {
    const change = keyword("$seen", value);
    const patchOf: PatchOf = (head, accountId) => (Boolean(head.keywords.$seen) === value ? {} : change(head, accountId));
    await this.#do({ keys, patchOf, words, leaves: false }, []);
  }

  /** Note that the list of this message was asked to be left. */
  async unsubscribed(key: Key): Promise<void> {
    await this.#do({ keys: [key], patchOf: keyword("$unsubscribed", true), words: "", leaves: false }, []);
  }

  /** Put aside until a time; with none, put back. Undone, all is as it was before. */
  async snooze(rows: Key[], until: Date | null, words: string): Promise<void> {
    const keys = await this.#conversations(rows);
    const before = until ? null : await this.#snoozedUntil(keys);
    this.shown?.remove(rows);
    const setting = this.#guard(() => this.#setSnooze(keys, () => until && utc(until)));
    const undo = async () => {
      await setting;
      await this.#guard(() => this.#setSnooze(keys, (key) => before?.get(key) ?? null));
      this.shown?.refresh();
      this.toasts.show({ words: texts.t.toast.undone }, 2500);
    };
    this.toasts.show({ words, undo });
    if (await setting) this.shown?.refresh();
  }

  async #setSnooze(keys: Key[], until: (key: Key) => string | null): Promise<void> {
    for (const [accountId, ids] of grouped(keys)) {
      const set = Object.fromEntries(ids.map((id) => [id, until(keyOf(accountId, id))]));
      const { notUpdated } = await this.client.call<{ notUpdated: Record<Id, SetError> | null }>("Snooze/set", { accountId, set });
      const failed = Object.values(notUpdated ?? {})[0];
      if (failed) throw MethodError.of(failed);
    }
  }

  async #snoozedUntil(keys: Key[]): Promise<Map<Key, string>> {
    const found = new Map<Key, string>();
    for (const [accountId, emailIds] of grouped(keys)) {
      const { until } = await this.client.call<{ until: Record<Id, string> }>("Snooze/get", { accountId, emailIds });
      for (const [id, when] of Object.entries(until)) found.set(keyOf(accountId, id), when);
    }
    return found;
  }

  /** Delete for good: after asking, without a way back. */
  async destroy(rows: Key[]): Promise<void> {
    const keys = await this.#conversations(rows);
    this.shown?.remove(rows);
    await this.#guard(async () => {
      for (const [accountId, destroy] of grouped(keys)) await this.client.call("Email/set", { accountId, destroy });
    });
    this.toasts.show({ words: texts.t.toast.destroyed(rows.length) });
  }

  async #file(rows: Key[], role: Filing, words: (count: number) => string, also: Patch = {}): Promise<void> {
    const keys = await this.#conversations(rows);
    const targets = await this.#targets(grouped(keys).keys(), role);
    if (!targets) return;
    const patchOf: PatchOf = (head, accountId) => ({ ...this.#from(head, accountId, targets.get(accountId)!), ...also });
    await this.#do({ keys, patchOf, words: words(rows.length), leaves: true }, rows);
  }

  /** The mailbox of each account to file into; null, and a word about why, where one is missing and cannot be made now. */
  async #targets(accountIds: Iterable<Id>, role: Filing): Promise<Map<Id, Id> | null> {
    const targets = new Map<Id, Id>();
    try {
      for (const accountId of accountIds) targets.set(accountId, (await this.mailboxes.ensure(accountId, role)).id);
    } catch (error) {
      const words = error instanceof Unreachable ? texts.t.activity.noServerShort : (error as Error).message;
      this.toasts.show({ words: texts.t.toast.failed(words), isError: true });
      return null;
    }
    return targets;
  }

  /** Out of the mailbox that is shown, into another; out of all in a search, and for trash and spam. */
  #from(head: Head, accountId: Id, target: Id): Patch {
    const here = this.shown?.here(accountId) ?? null;
    const role = this.mailboxes.find(accountId, target)?.role;
    if (here === null || role === "trash" || role === "junk" || !head.mailboxIds[here]) return { mailboxIds: { [target]: true } };
    return here === target ? {} : { [`mailboxIds/${here}`]: null, [`mailboxIds/${target}`]: true };
  }

  /** All messages of the conversations; own drafts and what was sent stay where they are. */
  async #conversations(rows: Key[], isFiling = true): Promise<Key[]> {
    return this.emails.holding(async () => {
      await this.emails.needHeads(rows);
      const all = [...new Set(rows.flatMap((key) => this.emails.siblings(key)))];
      await this.emails.needHeads(all);
      const chosen = new Set(rows);
      return all.filter((key) => chosen.has(key) || !isFiling || this.#isHere(key));
    });
  }

  #isHere(key: Key): boolean {
    const [accountId] = parts(key);
    const here = this.shown?.here(accountId) ?? null;
    return here !== null && Boolean(this.emails.heads.get(key)?.mailboxIds[here]);
  }

  #do(did: Did, rows: Key[]): Promise<void> {
    return this.emails.holding(() => this.#doHeld(did, rows));
  }

  async #doHeld(did: Did, rows: Key[]): Promise<void> {
    await this.emails.needHeads(did.keys);
    const forward = this.#patches(did.keys, did.patchOf);
    if (forward.size === 0) return;
    const back = new Map([...forward].map(([key, patch]) => [key, inverse(this.emails.heads.get(key)!, patch)]));
    if (did.leaves) this.shown?.remove(rows);
    if (did.words) this.toasts.show({ words: did.words, undo: () => this.#undo(back, did.leaves) });
    await this.#carry(forward, back, did.leaves);
  }

  async #undo(back: Map<Key, Patch>, left: boolean): Promise<void> {
    await this.#carry(back, new Map(), left);
    this.shown?.refresh();
    this.toasts.show({ words: texts.t.toast.undone }, 2500);
  }

  #patches(keys: Key[], patchOf: PatchOf): Map<Key, Patch> {
    const patches = new Map<Key, Patch>();
    for (const key of keys) {
      const head = this.emails.heads.get(key);
      const patch = head && patchOf(head, parts(key)[0]);
      if (patch && Object.keys(patch).length > 0) patches.set(key, patch);
    }
    return patches;
  }

  async #carry(patches: Map<Key, Patch>, back: Map<Key, Patch>, left: boolean): Promise<void> {
    this.#show(patches);
    const wrong = await this.#guard(async () => {
      for (const [accountId, ids] of grouped([...patches.keys()])) {
        await this.pending.add(accountId, Object.fromEntries(ids.map((id) => [id, patches.get(keyOf(accountId, id))!])));
      }
    });
    if (!wrong) return;
    this.#show(back);
    if (left) this.shown?.refresh();
  }

  #show(patches: Map<Key, Patch>): void {
    for (const [accountId, ids] of grouped([...patches.keys()])) {
      const changes: [Head, Head][] = [];
      for (const id of ids) {
        const key = keyOf(accountId, id);
        const head = this.emails.heads.get(key);
        if (head) changes.push([head, applied(head, patches.get(key)!)]);
        this.emails.patch(key, patches.get(key)!);
      }
      this.mailboxes.count(accountId, changes);
    }
  }

  /** Run; say what went wrong. True where it must be taken back. */
  async #guard(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return false;
    } catch (error) {
      if (error instanceof Unreachable) {
        this.toasts.show({ words: texts.t.toast.waitsForServer });
        return false;
      }
      this.toasts.show({ words: texts.t.toast.failed((error as Error).message), isError: true });
      return true;
    }
  }
}

function keyword(name: string, value: boolean): PatchOf {
  return () => ({ [`keywords/${name}`]: value ? true : null });
}

/** A UTCDate (RFC 8620 §1.4). */
export function utc(when: Date): string {
  return when.toISOString().replace(/\.\d+/, "");
}
