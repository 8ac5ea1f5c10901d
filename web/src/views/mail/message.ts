/** What can be done with the one message, and what kind of message it is. */

import Code from "@lucide/svelte/icons/code";
import Download from "@lucide/svelte/icons/download";
import FilePen from "@lucide/svelte/icons/file-pen";
import Forward from "@lucide/svelte/icons/forward";
import ListFilter from "@lucide/svelte/icons/list-filter";
import MailX from "@lucide/svelte/icons/mail-x";
import Printer from "@lucide/svelte/icons/printer";
import ReplyAll from "@lucide/svelte/icons/reply-all";
import Search from "@lucide/svelte/icons/search";
import SunMoon from "@lucide/svelte/icons/sun-moon";
import TextIcon from "@lucide/svelte/icons/text";
import type { Choice } from "../../components/Menu.svelte";
import type { Catalogue } from "../../lib/i18n/catalogue";
import type { Email } from "../../lib/jmap/types";
import type { App } from "../../lib/state/app.svelte";
import { type Key, parts } from "../../lib/state/emails.svelte";

export interface Shown {
  hasHtml: boolean;
  asPlain: boolean;
  onLight: boolean;
  canUnsubscribe: boolean;
  plain: () => void;
  light: () => void;
  source: () => void;
  unsubscribe: () => void;
}

export function messageChoices(app: App, key: Key, t: Catalogue, shown: Shown): Choice[] {
  return [...answering(app, key, t), ...showing(app, t, shown), ...keeping(app, key, t, shown)];
}

function answering(app: App, key: Key, t: Catalogue): Choice[] {
  const [accountId, emailId] = parts(key);
  const answer = (kind: "replyAll" | "forward" | "forwardAsAttachment" | "editAsNew") => () => void app.writing.answer(accountId, emailId, kind);
  return [
    { words: t.actions.replyAll, icon: ReplyAll, keys: "a", run: answer("replyAll") },
    { words: t.actions.forward, icon: Forward, keys: "f", run: answer("forward") },
    { words: t.actions.forwardAsAttachment, icon: Forward, run: answer("forwardAsAttachment") },
    { words: t.actions.editAsNew, icon: FilePen, run: answer("editAsNew") },
  ];
}

function showing(app: App, t: Catalogue, shown: Shown): Choice[] {
  const html: Choice[] = [
    { words: shown.asPlain ? t.reader.asHtml : t.reader.asPlain, icon: TextIcon, run: shown.plain, isApart: true },
    ...(app.settings.isDark ? [{ words: shown.onLight ? t.reader.darkPaper : t.reader.lightPaper, icon: SunMoon, run: shown.light }] : []),
  ];
  return shown.hasHtml ? html : [];
}

function keeping(app: App, key: Key, t: Catalogue, shown: Shown): Choice[] {
  const [accountId] = parts(key);
  const email = app.emails.whole.get(key);
  const sender = email?.from?.[0]?.email ?? "";
  const search = () => app.route.go({ view: "search", query: `from:${sender}`, open: null });
  const rule = () => {
    app.ruleQuery = `from:${sender}`;
    app.route.go({ view: "rules" });
  };
  const save = () => {
    const link = document.createElement("a");
    link.href = app.client.download(accountId, email!.blobId, `${email!.subject ?? "message"}.eml`, "message/rfc822");
    link.download = `${email!.subject ?? "message"}.eml`;
    link.click();
  };
  return [
    { words: t.actions.searchFrom, icon: Search, run: search, isApart: true },
    ...(app.client.offers("Rule/get") ? [{ words: t.actions.ruleFrom, icon: ListFilter, run: rule }] : []),
    ...(shown.canUnsubscribe ? [{ words: t.actions.unsubscribe, icon: MailX, run: shown.unsubscribe }] : []),
    { words: t.actions.print, icon: Printer, run: () => window.print(), isApart: true },
    { words: t.actions.source, icon: Code, keys: "Ctrl+U", run: shown.source },
    { words: t.actions.download, icon: Download, run: save },
  ];
}

/** The kind of a message that is more than a letter; "" for a letter. */
export function kindOf(email: Email, t: Catalogue): string {
  const types = new Set([...email.attachments, ...email.textBody].map((part) => part.type.toLowerCase()));
  if (types.has("text/calendar")) return t.reader.invitation;
  if (types.has("message/delivery-status")) return t.reader.report;
  if (types.has("message/disposition-notification")) return t.reader.receipt;
  if (types.has("application/pgp-encrypted")) return t.reader.encrypted;
  if (types.has("application/pgp-signature") || types.has("application/pkcs7-signature")) return t.reader.signed;
  return "";
}
