/** Notifications for new mail: off until asked for, and only while nobody looks at the page. */

import { nameOf } from "./people";
import type { App } from "./state/app.svelte";
import { type Key, parts } from "./state/emails.svelte";
import { texts } from "./i18n/index.svelte";

const EACH = 3;

export async function notify(app: App, keys: Key[]): Promise<void> {
  if (!app.settings.values.notifications || !document.hidden || Notification.permission !== "granted") return;
  await app.emails.needHeads(keys);
  const fresh = keys.filter((key) => isNews(app, key));
  for (const key of fresh.slice(0, EACH)) show(app, key);
  if (fresh.length > EACH) new Notification(texts.t.common.hongyan, { body: texts.t.notify.newMail(fresh.length), tag: "more" });
}

function isNews(app: App, key: Key): boolean {
  const head = app.emails.heads.get(key);
  const inbox = app.mailboxes.role(parts(key)[0], "inbox");
  return Boolean(head && inbox && head.mailboxIds[inbox.id] && !head.keywords.$seen);
}

function show(app: App, key: Key): void {
  const head = app.emails.heads.get(key)!;
  const shown = new Notification(nameOf(head.from?.[0]), { body: head.subject ?? "", tag: key, icon: "/goose.svg" });
  shown.onclick = () => {
    window.focus();
    app.route.go({ view: "mail", account: "all", mailbox: "inbox", open: key });
  };
}
