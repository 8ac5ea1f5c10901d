/** Changes that the server has not heard yet: kept across a reload, carried out in order when it is back. */

import { MethodError, Unreachable, type Client } from "../jmap/client";
import type { Id, SetResponse } from "../jmap/types";
import type { Patch } from "./patch";

interface Change {
  accountId: Id;
  update: Record<Id, Patch>;
}

const KEPT = "hongyan.pending";
const AT_ONCE = 500;
const AGAIN = 3000; // milliseconds

export class Pending {
  #queue: Change[];
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly counted: (count: number) => void,
  ) {
    this.#queue = recalled();
    counted(this.#queue.length);
  }

  /** Whether a message is changed here in a way that the server has not heard. */
  holds(accountId: Id, id: Id): boolean {
    return this.#queue.some((change) => change.accountId === accountId && id in change.update);
  }

  /** Add a change and try to carry it out. Throws what the server refused; keeps what it did not hear. */
  async add(accountId: Id, update: Record<Id, Patch>): Promise<void> {
    const entries = Object.entries(update);
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      this.#queue.push({ accountId, update: Object.fromEntries(entries.slice(at, at + AT_ONCE)) });
    }
    this.#keep();
    await this.flush();
  }

  /** Carry out what waits. */
  flush(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  async #run(): Promise<void> {
    let refused: Error | null = null;
    while (this.#queue.length > 0) {
      const { accountId, update } = this.#queue[0]!;
      try {
        const answer = await this.client.call<SetResponse>("Email/set", { accountId, update });
        const failed = Object.values(answer.notUpdated ?? {}).find((each) => each.type !== "notFound");
        if (failed) refused = MethodError.of(failed);
      } catch (error) {
        if (error instanceof Unreachable) {
          this.#later();
          throw error;
        }
        refused = error as Error;
      }
      this.#queue.shift();
      this.#keep();
    }
    if (refused) throw refused;
  }

  /** The event stream may stand while requests fail: so it is tried again by itself, too. */
  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush().catch(() => undefined), AGAIN);
  }

  #keep(): void {
    localStorage.setItem(KEPT, JSON.stringify(this.#queue));
    this.counted(this.#queue.length);
  }
}

function recalled(): Change[] {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]") as Change[];
  } catch {
    return [];
  }
}
