/** What the workers are doing, as they tell it. */

import { SvelteMap } from "svelte/reactivity";
import type { Client } from "../jmap/client";
import type { Activity, Job } from "../jmap/own";
import type { Id } from "../jmap/types";

export class Activities {
  readonly all = new SvelteMap<Id, Activity>();
  readonly jobs = new SvelteMap<Id, Job>();

  constructor(private readonly client: Client) {}

  async load(): Promise<void> {
    if (!this.client.offers("Activity/get")) return;
    const [{ list }, jobs] = await Promise.all([
      this.client.call<{ list: Activity[] }>("Activity/get", { ids: null }),
      this.client.call<{ list: Job[] }>("Job/get", { ids: null }),
    ]);
    for (const each of list) this.all.set(each.accountId, each);
    for (const each of jobs.list) this.jobs.set(each.id, each);
  }

  hear(event: string, data: unknown): void {
    if (event === "activity") this.all.set((data as Activity).accountId, data as Activity);
    if (event === "job") this.jobs.set((data as Job).id, data as Job);
  }

  get working(): Activity[] {
    return [...this.all.values()].filter((each) => ["connecting", "syncing", "sending"].includes(each.state));
  }

  get failed(): Activity[] {
    return [...this.all.values()].filter((each) => each.state === "failed");
  }

  async sync(ids: Id[] | null = null): Promise<void> {
    if (this.client.offers("MailAccount/sync")) await this.client.call("MailAccount/sync", { ids });
  }
}
