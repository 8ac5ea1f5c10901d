/** Everything that can be done, by key, palette or button: one table. */

import type { Catalogue } from "./i18n/catalogue";
import type { Role } from "./jmap/types";
import type { App } from "./state/app.svelte";
import type { Key } from "./state/emails.svelte";
import { parts } from "./state/emails.svelte";

export type Group = "go" | "read" | "handle" | "write" | "app";

export interface Command {
  id: string;
  group: Group;
  words: string;
  keys: string[];
  run: () => void;
}

/** What the mail view does for the commands. */
export interface Hand {
  rows(): Promise<Key[]>;
  move(step: number): void;
  nextUnread(): void;
  open(): void;
  close(): void;
  toggle(): void;
  extend(step: number): void;
  filed(act: (rows: Key[]) => Promise<void>): void;
  ask(what: "move" | "label" | "snooze"): void;
  print(): void;
  source(): void;
  scroll(step: number): void;
  focusSearch(): void;
  current(): Key | null;
  isFlagged(): boolean;
}

type Entry = [id: string, group: Group, words: string, keys: string[], run: () => void];

export function commands(app: App, hand: Hand, t: Catalogue): Command[] {
  const entries = [...going(app, hand, t), ...reading(hand, t), ...handling(app, hand, t), ...writing(app, hand, t), ...own(app, t)];
  return entries.filter(([id]) => !(id in NEEDS) || app.client.offers(NEEDS[id]!)).map(([id, group, words, keys, run]) => ({ id, group, words, keys, run }));
}

/** What only some servers answer is a command only there. */
const NEEDS: Record<string, string> = {
  outbox: "Outbox/query", activity: "Activity/get", wire: "Wire/query", statistics: "Statistics/get", rules: "Rule/get",
  snooze: "Snooze/set", sync: "MailAccount/sync", reply: "Answer/get", replyAll: "Answer/get", forward: "Answer/get", editAsNew: "Answer/get",
};

function going(app: App, hand: Hand, t: Catalogue): Entry[] {
  const role = (name: Role) => () => {
    const account = app.currentAccount;
    const box = app.mailboxes.role(account, name);
    if (box) app.route.go({ view: "mail", account, mailbox: box.id, open: null });
    else app.toasts.show({ words: t.toast.noMailbox }, 2500);
  };
  const view = (name: "outbox" | "activity" | "statistics" | "rules" | "settings") => () => app.route.go({ view: name });
  return [
    ["goInbox", "go", t.keys.goInbox, ["g i"], role("inbox")],
    ["goAll", "go", t.keys.goAll, ["g a"], () => app.route.go({ view: "mail", account: "all", mailbox: "inbox", open: null })],
    ["goSent", "go", t.keys.goSent, ["g t"], role("sent")],
    ["goDrafts", "go", t.keys.goDrafts, ["g d"], role("drafts")],
    ["goArchive", "go", t.keys.goArchive, ["g e"], role("archive")],
    ["outbox", "go", t.palette.goTo(t.nav.outbox), ["g o"], view("outbox")],
    ["activity", "go", t.palette.goTo(t.nav.activity), ["g y"], view("activity")],
    ["wire", "go", t.palette.goTo(t.nav.wire), ["g w"], () => app.route.go({ view: "wire", connection: null })],
    ["statistics", "go", t.palette.goTo(t.nav.statistics), ["g c"], view("statistics")],
    ["rules", "go", t.palette.goTo(t.nav.rules), ["g r"], view("rules")],
    ["settings", "go", t.palette.goTo(t.nav.settings), ["g ,"], view("settings")],
    ["search", "go", t.keys.focusSearch, ["/"], () => hand.focusSearch()],
  ];
}

function reading(hand: Hand, t: Catalogue): Entry[] {
  return [
    ["next", "read", t.keys.nextMessage, ["j", "ArrowDown"], () => hand.move(1)],
    ["previous", "read", t.keys.previousMessage, ["k", "ArrowUp"], () => hand.move(-1)],
    ["nextUnread", "read", t.keys.nextUnread, ["n"], () => hand.nextUnread()],
    ["open", "read", t.keys.open, ["o", "Enter"], () => hand.open()],
    ["back", "read", t.keys.backToList, ["u", "Escape"], () => hand.close()],
    ["pageDown", "read", t.keys.pageDown, ["Space"], () => hand.scroll(1)],
    ["print", "read", t.actions.print, ["Mod+p"], () => hand.print()],
    ["source", "read", t.actions.source, ["Mod+u"], () => hand.source()],
  ];
}

function handling(app: App, hand: Hand, t: Catalogue): Entry[] {
  const { actions } = app;
  const mark = (value: boolean) => async () => actions.read(await hand.rows(), value);
  return [
    ["archive", "handle", t.actions.archive, ["e", "y"], () => hand.filed((rows) => actions.archive(rows))],
    ["delete", "handle", t.actions.delete, ["#", "Delete"], () => hand.filed((rows) => actions.trash(rows))],
    ["spam", "handle", t.actions.spam, ["!"], () => hand.filed((rows) => actions.spam(rows))],
    ["flag", "handle", t.actions.flag, ["s"], async () => actions.flag(await hand.rows(), !hand.isFlagged())],
    ["read", "handle", t.actions.read, ["Shift+I", "m"], () => void mark(true)()],
    ["unread", "handle", t.actions.unread, ["Shift+U"], () => void mark(false)()],
    ["snooze", "handle", t.actions.snooze, ["b"], () => hand.ask("snooze")],
    ["move", "handle", t.actions.move, ["v"], () => hand.ask("move")],
    ["label", "handle", t.actions.label, ["l"], () => hand.ask("label")],
    ["select", "handle", t.keys.select, ["x"], () => hand.toggle()],
    ["selectDown", "handle", t.keys.selectDown, ["Shift+J", "Shift+ArrowDown"], () => hand.extend(1)],
    ["undo", "handle", t.common.undo, ["z", "Mod+z"], () => void app.toasts.undo()],
  ];
}

function writing(app: App, hand: Hand, t: Catalogue): Entry[] {
  const answer = (kind: "reply" | "replyAll" | "forward" | "editAsNew") => () => {
    const key = hand.current();
    if (key) void app.writing.answer(...parts(key), kind);
  };
  return [
    ["compose", "write", t.nav.compose, ["c"], () => app.write()],
    ["reply", "write", t.actions.reply, ["r"], answer("reply")],
    ["replyAll", "write", t.actions.replyAll, ["a"], answer("replyAll")],
    ["forward", "write", t.actions.forward, ["f"], answer("forward")],
    ["editAsNew", "write", t.actions.editAsNew, [], answer("editAsNew")],
  ];
}

function own(app: App, t: Catalogue): Entry[] {
  const sync = () => {
    app.toasts.show({ words: t.toast.synced }, 2500);
    void app.activities.sync();
  };
  return [
    ["sync", "app", t.activity.syncAll, ["Shift+R"], sync],
    ["palette", "app", t.keys.palette, ["Mod+k"], () => (app.dialogue = "palette")],
    ["help", "app", t.keys.help, ["?"], () => (app.dialogue = "keys")],
    ["sidebar", "app", t.keys.toggleSidebar, ["\\"], () => void app.settings.set({ sidebarFolded: !app.settings.values.sidebarFolded })],
    ["theme", "app", t.keys.theme, [], () => void app.settings.set({ theme: app.settings.isDark ? "light" : "dark" })],
    ["language", "app", t.settings.language, [], () => void app.settings.set({ language: document.documentElement.lang === "en" ? "zh" : "en" })],
  ];
}

/** In views without messages the keys of messages do nothing. */
export const NO_HAND: Hand = {
  rows: () => Promise.resolve([]),
  move: () => undefined,
  nextUnread: () => undefined,
  open: () => undefined,
  close: () => undefined,
  toggle: () => undefined,
  extend: () => undefined,
  filed: () => undefined,
  ask: () => undefined,
  print: () => window.print(),
  source: () => undefined,
  scroll: () => undefined,
  focusSearch: () => document.getElementById("search")?.focus(),
  current: () => null,
  isFlagged: () => false,
};
