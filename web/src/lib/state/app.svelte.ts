/** The page's state in one place: made once in `main.ts`, handed on by context. */

import { getContext, setContext } from "svelte";
import type { Hand } from "../commands";
import type { Chosen } from "../chosen";
import { Client, MethodError, NoSession, Unreachable } from "../jmap/client";
import { Push } from "../jmap/push";
import type { Job, MailAccount } from "../jmap/own";
import type { Id, SetResponse } from "../jmap/types";
import { Layers } from "../layers";
import { texts } from "../i18n/index.svelte";
import { notify } from "../notify";
import { parseMailto } from "../people";
import { Actions } from "./actions.svelte";
import { Activities } from "./activity.svelte";
import type { Kept } from "./composer.svelte";
import { Emails, type Key } from "./emails.svelte";
import { MessageList } from "./list.svelte";
import { Mailboxes } from "./mailboxes.svelte";
import { Pending } from "./pending";
import { Route } from "./route.svelte";
import { Selection } from "./selection.svelte";
import { Settings, systemIsDark } from "./settings.svelte";
import type { Question } from "./source";
import { Toasts } from "./toasts.svelte";
import { Transfer } from "./transfer.svelte";
import { Writing } from "./writing.svelte";

export type Status = "starting" | "ready" | "setup" | "noSession" | "noServer";
export type Listener = (event: string, data: unknown) => void;

/** The one-time token in the address bar. */
const START = /[#&]start=([^&]+)/;

export class App {
  /** Changes that the server has not heard yet. */
  waiting = $state(0);
  readonly client = new Client();
  readonly layers = new Layers();
  readonly toasts = new Toasts();
  readonly route = new Route();
  readonly emails = new Emails(this.client);
  readonly mailboxes = new Mailboxes(this.client);
  readonly settings = new Settings(this.client);
  readonly activities = new Activities(this.client);
  readonly transfer = new Transfer(this.client, this.activities, this.toasts);
  readonly pending = new Pending(this.client, (count) => (this.waiting = count));
  readonly actions = new Actions(this.client, this.emails, this.mailboxes, this.pending, this.toasts);
  readonly writing = new Writing(this.client, this.emails, this.mailboxes, this.settings, this.toasts);
  status = $state<Status>("starting");
  isOnline = $state(true);
  accountIds = $state.raw<Id[]>([]);
  accounts = $state.raw<MailAccount[]>([]);
  list = $state.raw<MessageList | null>(null);
  /** Whether the list that is shown is still that of before. */
  isSearching = $state(false);
  #next: MessageList | null = null;
  #showing: Promise<void> = Promise.resolve();
  readonly selection = new Selection();
  dialogue = $state<"none" | "palette" | "keys">("none");
  /** What the keys act on, in the view that is shown. */
  hand = $state.raw<Hand | null>(null);
  /** A rule's query to begin with, handed from a search or a message to the rules. */
  ruleQuery = $state("");
  #push: Push | null = null;
  #listeners = new Set<Listener>();
  #wanted: string[] = ["activity", "job", "link"];
  #stale = new Map<Id, Set<string>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRefreshing = false;

  /** Come in: with the one-time token of the address bar, or with the session that stands. */
  async start(): Promise<void> {
    systemIsDark.addEventListener("change", () => void this.settings.apply());
    addEventListener("unhandledrejection", (event) => this.#failed(event.reason));
    addEventListener("online", () => {
      this.#push?.hurry();
      void this.pending.flush().catch(() => undefined);
    });
    // The link opened in a window that shows the page is but a new fragment to the browser.
    addEventListener("hashchange", () => START.test(location.hash) && location.reload());
    document.addEventListener("visibilitychange", () => document.hidden || this.#push?.hurry());
    this.emails.inUse = () => this.#inUse();
    this.emails.onCreated = (keys) => void notify(this, keys);
    this.transfer.onImported = (account) => void this.#lead(account);
    const link = new URLSearchParams(location.search).get("mailto");
    const token = START.exec(location.hash)?.[1] ?? null;
    if (token || link) history.replaceState(null, "", location.pathname);
    await this.#enter(token);
    if (link?.startsWith("mailto:") && this.status === "ready") this.write({ ...parseMailto(link), html: "" });
  }

  /** The messages that are on screen, under the hand, chosen or open. */
  #inUse(): Key[] {
    const { place } = this.route;
    const open = "open" in place ? place.open : null;
    return [...(this.list?.looked ?? []), ...this.selection.chosen, open, this.selection.cursor].filter((key): key is Key => key !== null);
  }

  /** What nobody else has caught is said in words: nothing fails in silence. */
  #failed(reason: unknown): void {
    const words = reason instanceof Error ? reason.message : String(reason);
    if (reason instanceof NoSession) this.status = "noSession";
    else if (!(reason instanceof Unreachable)) this.toasts.show({ words: texts.t.toast.failed(words), isError: true });
  }

  async #enter(token: string | null): Promise<void> {
    try {
      await Promise.all([this.client.open(token), this.settings.apply()]);
      await Promise.all([this.settings.load(), this.load()]); // in one request
      this.#listen();
    } catch (error) {
      if (error instanceof NoSession) this.status = "noSession";
      else if (error instanceof Unreachable) {
        this.status = "noServer";
        setTimeout(() => void this.#enter(token), 2000);
      } else throw error;
    }
  }

  /** Read accounts, mailboxes and identities. */
  async load(): Promise<void> {
    const { accounts } = this.client.session;
    const ids = Object.keys(accounts).filter((id) => "urn:ietf:params:jmap:mail" in accounts[id]!.accountCapabilities);
    const offered = this.client.offers("MailAccount/get");
    const own = offered ? this.client.call<{ list: MailAccount[] }>("MailAccount/get", { ids: null }) : null;
    await Promise.all([...ids.map((id) => Promise.all([this.mailboxes.load(id), this.writing.loadIdentities(id)])), this.activities.load()]);
    this.accounts = (await own)?.list ?? [];
    this.accountIds = ids;
    if (this.status !== "ready") this.writing.recover();
    this.status = ids.length ? "ready" : "setup";
  }

  /** The account's address, to tell it apart. */
  accountName(id: Id): string {
    const account = this.accounts.find((each) => each.id === id);
    return account?.isLocal ? texts.t.nav.local : (account?.address ?? this.client.session.accounts[id]?.name ?? id);
  }

  /** Bring mail in where there is no account: into a place of its own, which is shown at once. */
  async importHere(chosen: Chosen[]): Promise<void> {
    const answer = await this.client.call<SetResponse<{ id: Id }>>("MailAccount/set", { create: { here: { isLocal: true } } });
    const id = answer.created?.here?.id;
    if (!id) throw MethodError.of(answer.notCreated?.here ?? { type: "serverFail" });
    if (!(await this.transfer.import(id, chosen))) {
      await this.client.call("MailAccount/set", { destroy: [id] });
      return;
    }
    await this.client.refresh();
    await this.load();
    const inbox = this.mailboxes.role(id, "inbox");
    if (inbox) this.route.go({ view: "mail", account: id, mailbox: inbox.id, open: null });
    await this.#lead(id); // what is short has come in already
  }

  /** What came in by files may lie elsewhere than where one looks: an empty list leads there. */
  async #lead(account: Id): Promise<void> {
    const { place } = this.route;
    if (place.view !== "mail" || place.account !== account) return;
    await this.mailboxes.load(account);
    if (this.mailboxes.find(account, place.mailbox)?.totalEmails) return;
    const fullest = this.mailboxes.fullest(account);
    if (fullest) this.route.go({ view: "mail", account, mailbox: fullest.id, open: null });
  }

  /** The account that is looked at, or the first. */
  get currentAccount(): Id {
    const { place } = this.route;
    return place.view === "mail" && place.account !== "all" ? place.account : (this.accountIds[0] ?? "");
  }

  /** The accounts that have an address to send from. */
  get senderIds(): Id[] {
    return this.accountIds.filter((id) => !this.accounts.some((each) => each.id === id && each.isLocal));
  }

  /** Begin a message, from the account that is looked at where mail can be sent from it. */
  write(fields: Partial<Kept> = {}): void {
    const from = this.senderIds.includes(this.currentAccount) ? this.currentAccount : this.senderIds[0];
    if (from) this.writing.new(from, fields);
    else this.toasts.show({ words: texts.t.toast.noSender, action: { words: texts.t.settings.addAccount, run: () => this.route.go({ view: "setup" }) } });
  }

  /** Show another list, and say what its rows stand for. What a search finds takes the place of what is there once it is found. */
  show(question: Question, here: (accountId: Id) => Id | null): Promise<void> {
    return (this.#showing = this.#show(question, here));
  }

  /** Wait until the list that is shown is the one that was asked for last. */
  async settled(): Promise<void> {
    while (this.isSearching) await this.#showing;
  }

  async #show(question: Question, here: (accountId: Id) => Id | null): Promise<void> {
    const list = new MessageList(this.client, this.emails, question);
    this.#next = list;
    if (question.isSearch && this.list) {
      this.isSearching = true;
      await list.begin();
      if (this.#next !== list) return; // one has typed on
    }
    this.isSearching = false;
    this.list = list;
    this.actions.shown = { here, remove: (keys) => list.remove(keys), refresh: () => void list.refresh() };
  }

  /** The mailboxes that are shown as one: one of an account, or every account's inbox. */
  boxes(account: string, mailbox: string): { accountId: Id; id: Id }[] {
    const ids = account === "all" ? this.accountIds : [account];
    return ids.flatMap((accountId) => {
      const box = account === "all" ? this.mailboxes.role(accountId, mailbox as "inbox") : this.mailboxes.find(accountId, mailbox);
      return box ? [{ accountId, id: box.id }] : [];
    });
  }

  /** Hear our own events; the answer stops it. */
  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ask for the wire's lines while somebody looks at them. */
  watchWire(isWatched: boolean): void {
    const next = isWatched ? [...new Set([...this.#wanted, "wire"])] : this.#wanted.filter((each) => each !== "wire");
    if (next.length === this.#wanted.length) return;
    this.#wanted = next;
    this.#push?.open(next);
  }

  #listen(): void {
    this.#push = new Push(this.client.session.eventSourceUrl, {
      changed: (accountId, types) => this.#changed(accountId, types),
      own: (event, data) => {
        this.activities.hear(event, data);
        if (event === "job") this.transfer.hear(data as Job);
        for (const each of this.#listeners) each(event, data);
      },
      standing: (value) => this.#standing(value),
    });
    this.#push.open(this.#wanted);
  }

  #standing(value: boolean): void {
    const isBack = value && !this.isOnline;
    this.isOnline = value;
    if (isBack) void this.#back();
    else if (value) this.#catchUp();
  }

  /** What changed before the stream stood was told to nobody. */
  #catchUp(): void {
    for (const id of this.accountIds) this.#changed(id, { Email: "", Mailbox: "" });
  }

  /** The server is back: what waited is carried out, what is shown is asked anew. */
  async #back(): Promise<void> {
    try {
      await this.pending.flush();
    } catch {
      // What was refused is seen when the list is asked anew.
    }
    this.#catchUp();
    await this.activities.load();
  }

  #changed(accountId: Id, types: Record<string, string>): void {
    const stale = this.#stale.get(accountId) ?? new Set();
    for (const type of Object.keys(types)) stale.add(type);
    this.#stale.set(accountId, stale);
    this.#refreshSoon();
  }

  /** One at a time: two would hear of the same changes, and tell of the same new mail twice. */
  #refreshSoon(): void {
    if (!this.#isRefreshing) this.#timer ??= setTimeout(() => void this.#refresh(), 60);
  }

  async #refresh(): Promise<void> {
    this.#timer = undefined;
    const stale = this.#stale;
    this.#stale = new Map();
    this.#isRefreshing = true;
    try {
      await Promise.all([...stale].map(([accountId, types]) => this.#refreshAccount(accountId, types)));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    } finally {
      this.#isRefreshing = false;
      if (this.#stale.size) this.#refreshSoon();
    }
  }

  async #refreshAccount(accountId: Id, types: Set<string>): Promise<void> {
    if (!this.accountIds.includes(accountId)) {
      await this.client.refresh();
      await this.load();
      return;
    }
    const isShown = this.list?.question.accountIds.includes(accountId);
    await Promise.all([
      types.has("Mailbox") ? this.mailboxes.load(accountId) : null,
      types.has("Email") || types.has("Thread") ? this.emails.refresh(accountId) : null,
      isShown && (types.has("Email") || types.has("Mailbox")) ? this.list?.refresh() : null,
      types.has("Identity") ? this.writing.loadIdentities(accountId) : null,
    ]);
  }
}

const CONTEXT = Symbol("app");

export function provideApp(app: App): void {
  setContext(CONTEXT, app);
}

export function useApp(): App {
  return getContext<App>(CONTEXT);
}
