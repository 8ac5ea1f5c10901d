/** What the menu of a row offers. */

import Archive from "@lucide/svelte/icons/archive";
import Clock from "@lucide/svelte/icons/clock";
import FolderInput from "@lucide/svelte/icons/folder-input";
import MailOpen from "@lucide/svelte/icons/mail-open";
import ShieldAlert from "@lucide/svelte/icons/shield-alert";
import Star from "@lucide/svelte/icons/star";
import Tag from "@lucide/svelte/icons/tag";
import Trash2 from "@lucide/svelte/icons/trash-2";
import CornerUpLeft from "@lucide/svelte/icons/corner-up-left";
import Forward from "@lucide/svelte/icons/forward";
import type { Choice } from "../../components/Menu.svelte";
import type { Catalogue } from "../../lib/i18n/catalogue";
import type { Mailbox } from "../../lib/jmap/types";
import type { App } from "../../lib/state/app.svelte";
import { type Key, parts } from "../../lib/state/emails.svelte";

/** A mailbox's name: those with a role are named in the page's language. */
export function boxName(box: Mailbox, t: Catalogue): string {
  return box.role && box.role in t.roles ? t.roles[box.role as "inbox"] : box.name;
}

export function rowChoices(app: App, rows: Key[], t: Catalogue, ask: (what: "move" | "label" | "snooze") => void): Choice[] {
  const heads = rows.map((key) => app.emails.heads.get(key)).filter((head) => head !== undefined);
  const isUnread = heads.some((head) => !head.keywords.$seen);
  const isFlagged = heads.every((head) => head.keywords.$flagged);
  const one = rows.length === 1 ? parts(rows[0]!) : null;
  const answers: Choice[] = one
    ? [
        { words: t.actions.reply, icon: CornerUpLeft, keys: "r", run: () => void app.writing.answer(...one, "reply") },
        { words: t.actions.forward, icon: Forward, keys: "f", run: () => void app.writing.answer(...one, "forward") },
      ]
    : [];
  const filed = (act: (rows: Key[]) => Promise<void>) => () => void act(rows);
  return [
    ...answers,
    { words: t.actions.archive, icon: Archive, keys: "e", run: filed((all) => app.actions.archive(all)), isApart: Boolean(one) },
    { words: t.actions.delete, icon: Trash2, keys: "#", run: filed((all) => app.actions.trash(all)) },
    { words: t.actions.spam, icon: ShieldAlert, keys: "!", run: filed((all) => app.actions.spam(all)) },
    { words: isUnread ? t.actions.read : t.actions.unread, icon: MailOpen, run: () => void app.actions.read(rows, isUnread), isApart: true },
    { words: isFlagged ? t.actions.unflag : t.actions.flag, icon: Star, keys: "s", run: () => void app.actions.flag(rows, !isFlagged) },
    ...(app.client.offers("Snooze/set") ? [{ words: t.actions.snooze, icon: Clock, keys: "b", run: () => ask("snooze") }] : []),
    { words: t.actions.move, icon: FolderInput, keys: "v", run: () => ask("move"), isApart: true },
    { words: t.actions.label, icon: Tag, keys: "l", run: () => ask("label") },
  ];
}
