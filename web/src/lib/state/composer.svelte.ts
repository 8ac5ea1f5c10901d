/** One message being written: its fields, its uploads, and how it is kept. */

import { MethodError, Unreachable, type Client } from "../jmap/client";
import type { AnswerDraft, DraftAttachment } from "../jmap/own";
import type { Address, Email, Id, Part, SetResponse } from "../jmap/types";
import type { Mailboxes } from "./mailboxes.svelte";

export interface Attached {
  key: number;
  name: string;
  type: string;
  size: number;
  blobId: Id | null;
  share: number;
  error: string;
  cid: string | null;
  isInline: boolean;
}

/** What survives a crash of the window. */
export interface Kept {
  key: string;
  accountId: Id;
  identityId: Id | null;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  html: string;
  text: string;
  isRich: boolean;
  attachments: Attached[];
  inReplyTo: string[] | null;
  references: string[] | null;
  draftId: Id | null;
}

export type Saving = "new" | "dirty" | "saving" | "saved" | "failed";

const LOCAL_AFTER = 400;
const SERVER_AFTER = 2500;
const KEPT = "hongyan.draft.";
let counter = 0;

export class Composer {
  readonly key: string;
  accountId = $state("");
  identityId = $state<Id | null>(null);
  to = $state.raw<Address[]>([]);
  cc = $state.raw<Address[]>([]);
  bcc = $state.raw<Address[]>([]);
  subject = $state("");
  html = $state("");
  text = $state("");
  isRich = $state(true);
  attachments = $state<Attached[]>([]);
  window = $state<"normal" | "folded" | "large">("normal");
  /** Whether its window has come, and had the keyboard. */
  isReady = $state(false);
  saving = $state<Saving>("new");
  savedAt = $state.raw<Date | null>(null);
  /** Moves when the body was set from outside: the editor takes it over. */
  bodyVersion = $state(0);
  inReplyTo: string[] | null = null;
  references: string[] | null = null;
  draftId: Id | null = null;
  #local: ReturnType<typeof setTimeout> | undefined;
  #server: ReturnType<typeof setTimeout> | undefined;
  #busy: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    private readonly client: Client,
    private readonly mailboxes: Mailboxes,
    kept: Partial<Kept>,
  ) {
    this.key = kept.key ?? `${Date.now()}-${counter++}`;
    Object.assign(this, { ...kept, key: this.key });
  }

  /** Take over what the server made for an answer. */
  static fields(draft: AnswerDraft): Partial<Kept> {
    return {
      to: draft.to,
      cc: draft.cc,
      bcc: draft.bcc,
      subject: draft.subject,
      text: draft.text,
      html: draft.html ?? "",
      inReplyTo: draft.inReplyTo,
      references: draft.references,
      attachments: draft.attachments.map(attached),
    };
  }

  /** Take up a draft that lies in the store. */
  static resumed(email: Email): Partial<Kept> {
    const body = (list: Part[]) => list.map((part) => email.bodyValues[part.partId ?? ""]?.value ?? "").join("\n");
    const html = email.htmlBody.filter((part) => part.type === "text/html");
    return {
      to: email.to ?? [],
      cc: email.cc ?? [],
      bcc: email.bcc ?? [],
      subject: email.subject ?? "",
      text: body(email.textBody),
      html: html.length ? body(html) : "",
      isRich: html.length > 0,
      inReplyTo: email.inReplyTo,
      references: email.references,
      attachments: email.attachments.map((part) => attached({ ...part, blobId: part.blobId!, name: part.name ?? "", disposition: part.disposition ?? "attachment" })),
      draftId: email.id,
    };
  }

  get isEmpty(): boolean {
    return !this.subject && !this.text.trim() && this.attachments.length === 0 && this.to.length + this.cc.length + this.bcc.length === 0;
  }

  /** Nobody has written anything in it: an answer that was opened and closed again is no draft. */
  get isUntouched(): boolean {
    return this.saving === "new";
  }

  get isUploading(): boolean {
    return this.attachments.some((each) => !each.blobId && !each.error);
  }

  /** Something was changed: keep it here at once, in the store soon. */
  touch(): void {
    this.saving = "dirty";
    clearTimeout(this.#local);
    this.#local = setTimeout(() => this.keep(), LOCAL_AFTER);
    clearTimeout(this.#server);
    this.#server = setTimeout(() => void this.save(), SERVER_AFTER);
  }

  keep(): void {
    if (!this.#isClosed) localStorage.setItem(KEPT + this.key, JSON.stringify(this.snapshot()));
  }

  snapshot(): Kept {
    const { key, accountId, identityId, to, cc, bcc, subject, html, text, isRich, inReplyTo, references, draftId } = this;
    const attachments = $state.snapshot(this.attachments).filter((each) => each.blobId);
    return { key, accountId, identityId, to, cc, bcc, subject, html, text, isRich, attachments, inReplyTo, references, draftId };
  }

  /** Keep it in the store, in place of what was kept before. */
  save(): Promise<void> {
    clearTimeout(this.#server);
    this.#busy = this.#busy.then(() => this.#save());
    return this.#busy;
  }

  async #save(): Promise<void> {
    if (this.#isClosed || this.isEmpty || this.saving === "saved") return;
    this.saving = "saving";
    const before = this.draftId;
    try {
      this.draftId = await this.store();
      if (before) await this.client.call("Email/set", { accountId: this.accountId, destroy: [before] });
      if ((this.saving as Saving) === "saving") this.saving = "saved";
      this.savedAt = new Date();
      this.keep();
    } catch (error) {
      this.saving = "failed";
      if (error instanceof Unreachable) this.#server = setTimeout(() => void this.save(), SERVER_AFTER * 2);
    }
  }

  /** Put the message into the store as a draft and return its id. */
  async store(): Promise<Id> {
    const drafts = await this.mailboxes.ensure(this.accountId, "drafts");
    const answer = await this.client.call<SetResponse<{ id: Id }>>("Email/set", { accountId: this.accountId, create: { draft: this.email(drafts.id) } });
    const made = answer.created?.draft;
    if (!made) throw MethodError.of(answer.notCreated?.draft ?? { type: "serverFail" });
    return made.id;
  }

  /** The message as RFC 8621 §4.6 creates one. */
  email(mailboxId: Id): Record<string, unknown> {
    const html = this.isRich ? { htmlBody: [{ partId: "h", type: "text/html" }] } : {};
    const bodyValues = { t: { value: this.text }, ...(this.isRich ? { h: { value: this.html } } : {}) };
    return {
      mailboxIds: { [mailboxId]: true },
      keywords: { $draft: true, $seen: true },
      from: [this.from()],
      to: this.to,
      cc: this.cc.length ? this.cc : null,
      bcc: this.bcc.length ? this.bcc : null,
      subject: this.subject,
      inReplyTo: this.inReplyTo,
      references: this.references,
      textBody: [{ partId: "t", type: "text/plain" }],
      ...html,
      bodyValues,
      attachments: this.attachments
        .filter((each) => each.blobId)
        .map(({ blobId, type, name, cid, isInline }) => ({ blobId, type, name, cid, disposition: isInline ? "inline" : "attachment" })),
    };
  }

  from: () => Address = () => ({ name: null, email: "" });

  async attach(files: Iterable<File>, isInline = false): Promise<Attached[]> {
    const added = [...files].map((file) => this.#begin(file, isInline));
    return Promise.all(added);
  }

  async #begin(file: File, isInline: boolean): Promise<Attached> {
    const key = Date.now() + Math.random();
    const cid = isInline ? `${crypto.randomUUID()}@hongyan` : null;
    this.attachments.push({ key, name: file.name || "picture.png", type: file.type || "application/octet-stream", size: file.size, blobId: null, share: 0, error: "", cid, isInline });
    const row = () => this.attachments.find((each) => each.key === key);
    try {
      const { blobId } = await this.client.upload(this.accountId, file, (share) => {
        const here = row();
        if (here) here.share = share;
      });
      const here = row();
      if (here) here.blobId = blobId;
    } catch (error) {
      const here = row();
      if (here) here.error = (error as Error).message || "…";
    }
    this.touch();
    return row()!;
  }

  /** The window is closed: nothing more is kept by itself. */
  async close(keep: "draft" | "nothing"): Promise<void> {
    clearTimeout(this.#local);
    if (keep === "draft" && !this.isUntouched) await this.save();
    clearTimeout(this.#server);
    await this.#busy;
    this.#isClosed = true;
    localStorage.removeItem(KEPT + this.key);
    if (keep === "nothing" && this.draftId) {
      await this.client.call("Email/set", { accountId: this.accountId, destroy: [this.draftId] });
    }
  }
}

function attached(from: DraftAttachment): Attached {
  const { blobId, name, type, size, cid, disposition } = from;
  return { key: Date.now() + Math.random(), name, type, size, blobId, share: 1, error: "", cid, isInline: disposition === "inline" && cid !== null };
}

/** What a window that ended suddenly was writing. */
export function recovered(): Kept[] {
  const keys = Object.keys(localStorage).filter((each) => each.startsWith(KEPT));
  return keys.flatMap((each) => {
    try {
      return [JSON.parse(localStorage.getItem(each)!) as Kept];
    } catch {
      localStorage.removeItem(each);
      return [];
    }
  });
}
