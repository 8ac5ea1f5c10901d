/** All that is being written, who one can be, and the way out: sending, undo, later. */

import { MethodError, type Client } from "../jmap/client";
import type { AnswerDraft, AnswerKind } from "../jmap/own";
import type { Address, GetResponse, Id, Identity, SetResponse } from "../jmap/types";
import { SvelteMap } from "svelte/reactivity";
import { texts } from "../i18n/index.svelte";
import { problemWords } from "../i18n/problems";
import { moment } from "../format";
import { Composer, type Kept, recovered } from "./composer.svelte";
import { type Emails, keyOf } from "./emails.svelte";
import type { Mailboxes } from "./mailboxes.svelte";
import { tellOutcome } from "./outcome";
import type { Settings } from "./settings.svelte";
import type { Toasts } from "./toasts.svelte";

export class Writing {
  open = $state<Composer[]>([]);
  /** What is typed before the window is there that was asked for. */
  early = $state("");
  #asked = $state(0);
  readonly identities = new SvelteMap<Id, Identity[]>();

  constructor(
    private readonly client: Client,
    private readonly emails: Emails,
    private readonly mailboxes: Mailboxes,
    private readonly settings: Settings,
    private readonly toasts: Toasts,
  ) {}

  async loadIdentities(accountId: Id): Promise<void> {
    const { list } = await this.client.call<GetResponse<Identity>>("Identity/get", { accountId, ids: null });
    this.identities.set(accountId, list);
  }

  /** Take up what was being written when the window ended. */
  recover(): void {
    const kept = recovered().filter((each) => this.identities.has(each.accountId));
    for (const each of kept) {
      const composer = this.#open(each);
      composer.window = "folded";
      composer.touch(); // it is kept in the store now, as it could not be then
    }
    if (kept.length) this.toasts.show({ words: texts.t.compose.recovered });
  }

  /** All of one's own addresses, to leave them out of answers and to say "me". */
  get mine(): Set<string> {
    return new Set([...this.identities.values()].flat().map((each) => each.email.toLowerCase()));
  }

  /** Whether a window was asked for that does not have the keyboard yet. */
  get isAwaited(): boolean {
    return this.#asked > 0 || this.open.some((each) => !each.isReady && each.window !== "folded");
  }

  /** Wait no longer for what was asked for. */
  giveUp(): void {
    this.early = "";
    for (const each of this.open.filter((composer) => !composer.isReady)) void this.close(each, "draft");
  }

  /** Fetch what a window needs; what is typed meanwhile is for that window. */
  async #await<T>(fetching: () => Promise<T>): Promise<T> {
    this.#asked++;
    try {
      return await fetching();
    } catch (error) {
      this.early = "";
      throw error;
    } finally {
      this.#asked--;
    }
  }

  new(accountId: Id, fields: Partial<Kept> = {}): Composer {
    const identity = this.identities.get(accountId)?.[0];
    const signature = this.#signature(identity);
    return this.#open({ isRich: this.settings.values.format === "rich", html: signature.html, text: signature.text, ...fields, accountId, identityId: fields.identityId ?? identity?.id ?? null });
  }

  answer(accountId: Id, emailId: Id, kind: AnswerKind): Promise<Composer> {
    return this.#await(() => this.#answer(accountId, emailId, kind));
  }

  async #answer(accountId: Id, emailId: Id, kind: AnswerKind): Promise<Composer> {
    const { draft } = await this.client.call<{ draft: AnswerDraft }>("Answer/get", { accountId, emailId, kind });
    const from = draft.from?.[0]?.email.toLowerCase();
    const identity = this.identities.get(accountId)?.find((each) => each.email.toLowerCase() === from);
    const isRich = draft.html !== null && this.settings.values.format === "rich";
    const own = identity ?? this.identities.get(accountId)?.[0];
    const above = kind === "editAsNew" ? { html: "", text: "" } : this.#above(own);
    const body = { text: above.text + draft.text, html: isRich ? above.html + draft.html : "" };
    return this.#open({ ...Composer.fields(draft), ...body, isRich, accountId, identityId: own?.id ?? null });
  }

  /** Go on with a draft of the store. */
  async resume(accountId: Id, emailId: Id): Promise<void> {
    const already = this.open.find((each) => each.draftId === emailId);
    if (already) already.window = "normal";
    else await this.#await(() => this.#resume(accountId, emailId));
  }

  async #resume(accountId: Id, emailId: Id): Promise<void> {
    const args = { fetchHTMLBodyValues: true, fetchTextBodyValues: true };
    const whole = await this.client.call<GetResponse<never>>("Email/get", { accountId, ids: [emailId], ...args, properties: DRAFT });
    if (whole.list[0]) this.#open({ ...Composer.resumed(whole.list[0]), accountId });
  }

  #open(kept: Partial<Kept>): Composer {
    const composer = new Composer(this.client, this.mailboxes, kept);
    composer.from = () => this.#from(composer);
    for (const each of this.open) if (each.window === "large") each.window = "normal";
    this.open.push(composer);
    return this.open.at(-1)!;
  }

  #from(composer: Composer): Address {
    const all = this.identities.get(composer.accountId) ?? [];
    const identity = all.find((each) => each.id === composer.identityId) ?? all[0];
    return { name: identity?.name ?? null, email: identity?.email ?? "" };
  }

  /** Room for one's own words above what is quoted, and the signature. */
  #above(identity: Identity | undefined): { html: string; text: string } {
    const { html, text } = this.#signature(identity);
    const signed = identity?.textSignature || identity?.htmlSignature;
    return { html: `<div><br></div>${signed ? html : ""}<div><br></div>`, text: `\n${signed ? text : ""}\n\n` };
  }

  #signature(identity: Identity | undefined): { html: string; text: string } {
    const text = identity?.textSignature ? `\n\n-- \n${identity.textSignature}` : "";
    const html = identity?.htmlSignature ? `<div><br></div><div>-- <br></div>${identity.htmlSignature}` : "";
    return { html: html || text.split("\n").map((line) => `<div>${escape(line) || "<br>"}</div>`).join(""), text };
  }

  async close(composer: Composer, keep: "draft" | "nothing"): Promise<void> {
    this.open = this.open.filter((each) => each.key !== composer.key);
    const isKept = keep === "draft" && !composer.isEmpty && !composer.isUntouched;
    await composer.close(keep);
    if (isKept) this.toasts.show({ words: texts.t.toast.draftSaved }, 2500);
  }

  /** Send, `at` a time or after the time to undo; the window closes at once. */
  async send(composer: Composer, at: Date | null = null): Promise<void> {
    const seconds = this.settings.values.undoSendSeconds;
    await composer.save();
    const draftId = await composer.store();
    const { accountId } = composer;
    const submissionId = await this.#submit(composer, draftId, at ? { HOLDUNTIL: utc(at) } : { HOLDFOR: String(seconds) });
    const kept = composer.snapshot();
    this.open = this.open.filter((each) => each.key !== composer.key);
    await composer.close("nothing");
    const undo = () => this.#undo(accountId, submissionId, draftId, kept);
    if (at) this.toasts.show({ words: texts.t.toast.sendLater(moment(texts.locale, at)), undo }, 10_000);
    else if (seconds > 0) {
      const countdown = { until: Date.now() + seconds * 1000, words: (left: number) => texts.t.toast.sendIn(left) };
      this.toasts.show({ words: texts.t.toast.sending, undo, countdown }, seconds * 1000);
    } else this.toasts.show({ words: texts.t.toast.sending }, 2500);
    if (!at) tellOutcome(this.client, this.toasts, submissionId, Date.now() + seconds * 1000);
  }

  async #submit(composer: Composer, emailId: Id, hold: Record<string, string>): Promise<Id> {
    const { accountId } = composer;
    const recipients = [...composer.to, ...composer.cc, ...composer.bcc].map(({ email }) => ({ email, parameters: null }));
    const sent = await this.mailboxes.ensure(accountId, "sent");
    const drafts = await this.mailboxes.ensure(accountId, "drafts");
    const answer = await this.client.call<SetResponse<{ id: Id }>>("EmailSubmission/set", {
      accountId,
      create: { out: { identityId: composer.identityId, emailId, envelope: { mailFrom: { email: composer.from().email, parameters: hold }, rcptTo: recipients } } },
      onSuccessUpdateEmail: { "#out": { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true, "keywords/$draft": null } },
    });
    const made = answer.created?.out;
    if (!made) throw MethodError.of(answer.notCreated?.out ?? { type: "serverFail" });
    return made.id;
  }

  async #undo(accountId: Id, submissionId: Id, emailId: Id, kept: Kept): Promise<void> {
    const answer = await this.client.call<SetResponse>("EmailSubmission/set", { accountId, update: { [submissionId]: { undoStatus: "canceled" } } });
    const failed = answer.notUpdated?.[submissionId];
    if (failed) {
      this.toasts.show({ words: texts.t.toast.failed(problemWords(failed)), isError: true });
      return;
    }
    await this.client.call("Email/set", { accountId, destroy: [emailId] });
    this.emails.forget([keyOf(accountId, emailId)]);
    this.#open({ ...kept, key: undefined, draftId: null }).touch();
    this.toasts.show({ words: texts.t.toast.sendUndone });
  }
}

const DRAFT = ["id", "to", "cc", "bcc", "subject", "inReplyTo", "references", "textBody", "htmlBody", "attachments", "bodyValues"];

function utc(when: Date): string {
  return when.toISOString().replace(/\.\d+/, "");
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
