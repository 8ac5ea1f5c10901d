/** A rule's actions, and what it would change, in words. */

import type { Catalogue } from "../../lib/i18n/catalogue";
import type { RuleAction, RuleChange } from "../../lib/jmap/own";
import type { Id } from "../../lib/jmap/types";
import type { App } from "../../lib/state/app.svelte";
import { boxName } from "../mail/choices";

/** What an action does, as "Move to Archive". */
export function actionWords(app: App, action: RuleAction, t: Catalogue): string {
  if (action.do === "keyword") return keywordWords(action.keyword, action.value, t);
  if (action.do === "trash") return t.rules.trash;
  if (action.do === "forward") return `${t.rules.forward} ${action.to}`;
  if (action.do === "run") return `${t.rules.run} “${action.command}”`;
  const account = app.accountIds.find((id) => app.mailboxes.find(id, action.mailboxId)) ?? "";
  return `${action.do === "move" ? t.rules.move : t.rules.copy} ${nameOf(app, account, action.mailboxId, t)}`;
}

/** What would become different of a message, as "Flag, Inbox → Archive". */
export function changeWords(app: App, { accountId, keywords, mailboxIds }: RuleChange, t: Catalogue): string {
  const names = (comes: boolean) =>
    Object.keys(mailboxIds)
      .filter((id) => mailboxIds[id] === comes)
      .map((id) => nameOf(app, accountId, id, t))
      .join(", ");
  const [from, to] = [names(false), names(true)];
  const moved = from ? [`${from} → ${to}`] : to ? [`+ ${to}`] : [];
  return [...Object.entries(keywords).map(([keyword, value]) => keywordWords(keyword, value, t)), ...moved].join(", ");
}

function keywordWords(keyword: string, value: boolean, t: Catalogue): string {
  if (keyword === "$seen") return value ? t.actions.read : t.actions.unread;
  if (keyword === "$flagged") return value ? t.actions.flag : t.actions.unflag;
  return `${value ? t.rules.label : t.rules.unmark} “${keyword}”`;
}

/** A mailbox that is not here is the Trash, which has to be made. */
function nameOf(app: App, accountId: Id, id: Id, t: Catalogue): string {
  const box = app.mailboxes.find(accountId, id);
  return box ? boxName(box, t) : id === "trash" ? t.roles.trash : "?";
}
