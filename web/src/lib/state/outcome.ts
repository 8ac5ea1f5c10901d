/** What became of a message that was sent: told when it is known, and where more is said. */

import { Unreachable, type Client } from "../jmap/client";
import type { OutboxItem } from "../jmap/own";
import type { Id } from "../jmap/types";
import { texts } from "../i18n/index.svelte";
import type { Toasts } from "./toasts.svelte";

const AGAIN = 700; // milliseconds
const TRIES = 20;

/** Ask from `at` on until it has left, or did not; say nothing when it was taken back. */
export function tellOutcome(client: Client, toasts: Toasts, itemId: Id, at: number): void {
  if (client.offers("Outbox/get")) setTimeout(() => void ask(client, toasts, itemId, TRIES), Math.max(0, at - Date.now()));
}

async function ask(client: Client, toasts: Toasts, itemId: Id, left: number): Promise<void> {
  try {
    const { list } = await client.call<{ list: OutboxItem[] }>("Outbox/get", { ids: [itemId] });
    if (list[0] && !say(toasts, list[0]) && left > 0) setTimeout(() => void ask(client, toasts, itemId, left - 1), AGAIN);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
  }
}

/** True when there is nothing more to wait for. */
function say(toasts: Toasts, item: OutboxItem): boolean {
  const t = texts.t.toast;
  const action = { words: texts.t.nav.outbox, run: () => (location.hash = "#/outbox") };
  if (item.state === "sent") toasts.show({ words: t.sent }, 2500);
  else if (item.state === "deferred") toasts.show({ words: t.sentNotYet, action });
  else if (item.state === "uncertain") toasts.show({ words: t.sentUncertain, action });
  else if (item.state === "refused") toasts.show({ words: t.sentNot, action, isError: true });
  else return item.state === "cancelled" || item.state === "held";
  return true;
}
