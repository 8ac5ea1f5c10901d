/** Mail in and out: uploads in pieces, then a job of the server's, whose end is told. */

import type { Chosen } from "../chosen";
import type { Client } from "../jmap/client";
import type { ExportResult, ImportResult, Job } from "../jmap/own";
import type { Id } from "../jmap/types";
import { texts } from "../i18n/index.svelte";
import type { Activities } from "./activity.svelte";
import type { Toasts } from "./toasts.svelte";

const PIECE = 64_000_000; // octets

export type Form = "mbox" | "maildir" | "eml" | "zip";

export class Transfer {
  /** What is on its way to the server, and its share from 0 to 1. */
  uploading = $state.raw<{ name: string; share: number } | null>(null);
  onImported: (accountId: Id) => void = () => undefined;
  #begun = new Set<Id>();
  #stop: AbortController | null = null;

  constructor(
    private readonly client: Client,
    private readonly activities: Activities,
    private readonly toasts: Toasts,
  ) {}

  /** Bring what was chosen into an account, one after the other; false when that was ended. */
  async import(accountId: Id, chosen: Chosen[]): Promise<boolean> {
    this.#stop = new AbortController();
    try {
      for (const each of chosen) await this.#import(accountId, each, this.#stop.signal);
      return true;
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
      return false;
    } finally {
      this.uploading = null;
    }
  }

  cancelUpload(): void {
    this.#stop?.abort();
  }

  async #import(accountId: Id, { name, blob, files }: Chosen, signal: AbortSignal): Promise<void> {
    const blobIds: Id[] = [];
    const size = Math.max(blob.size, 1);
    for (let at = 0; at < size; at += PIECE) {
      const report = (share: number) => (this.uploading = { name, share: (at + share * Math.min(PIECE, blob.size - at)) / size });
      report(0);
      blobIds.push((await this.client.upload(accountId, blob.slice(at, at + PIECE), report, signal)).blobId);
    }
    const { jobId } = await this.client.call<{ jobId: Id }>("Import/start", { accountId, blobIds, name, ...(files && { files }) });
    this.#watch(jobId);
  }

  async export(accountId: Id, form: Form, query: string): Promise<void> {
    const { jobId } = await this.client.call<{ jobId: Id }>("Export/start", { accountId, form, query });
    this.#watch(jobId);
  }

  #watch(jobId: Id): void {
    this.#begun.add(jobId);
    const heard = this.activities.jobs.get(jobId); // its end may be told before its beginning is answered
    if (heard) this.hear(heard);
  }

  cancel(jobId: Id): void {
    void this.client.call("Job/cancel", { id: jobId });
  }

  /** The address from which the file of an export can be saved. */
  addressOf(result: ExportResult): string {
    return this.client.download(result.accountId, result.blobId, result.name, result.type);
  }

  /** A job that was begun here has come to its end: say so, wherever one is. */
  hear(job: Job): void {
    if (job.state === "running" || !this.#begun.delete(job.id)) return;
    if (job.state === "failed") this.toasts.show({ words: texts.t.jobs.failed, isError: true });
    else if (job.state === "done" && job.kind === "import") {
      const result = job.result as ImportResult;
      this.toasts.show({ words: texts.t.jobs.imported(result.new) });
      this.onImported(result.accountId);
    } else if (job.state === "done") {
      const result = job.result as ExportResult;
      const run = () => location.assign(this.addressOf(result));
      this.toasts.show({ words: texts.t.jobs.exported(result.messages), action: { words: texts.t.common.save, run } }, 30_000);
    }
  }
}
