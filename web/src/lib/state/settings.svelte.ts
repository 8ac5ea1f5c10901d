/** What the person has chosen, kept in the profile by the server; language and theme also here, for the first paint. */

import type { Client } from "../jmap/client";
import { type Language } from "../i18n/catalogue";
import { preferred, texts } from "../i18n/index.svelte";

export interface SavedSearch {
  name: string;
  query: string;
}

export interface Template {
  name: string;
  subject: string;
  html: string;
}

export interface Values {
  language: Language | "system";
  theme: "system" | "light" | "dark";
  density: "calm" | "compact";
  conversations: boolean;
  undoSendSeconds: number;
  remoteContentSenders: string[];
  markRead: "now" | "later" | "never";
  afterFiling: "next" | "list";
  format: "rich" | "plain";
  notifications: boolean;
  savedSearches: SavedSearch[];
  recentSearches: string[];
  templates: Template[];
  sidebarFolded: boolean;
}

const DEFAULTS: Values = {
  language: "system",
  theme: "system",
  density: "calm",
  conversations: true,
  undoSendSeconds: 10,
  remoteContentSenders: [],
  markRead: "now",
  afterFiling: "next",
  format: "rich",
  notifications: false,
  savedSearches: [],
  recentSearches: [],
  templates: [],
  sidebarFolded: false,
};

const KEPT = "hongyan.settings";

export class Settings {
  values = $state.raw<Values>(DEFAULTS);

  constructor(private readonly client: Client) {
    this.values = { ...DEFAULTS, ...recalled() };
  }

  /** Read what the profile holds. */
  async load(): Promise<void> {
    if (!this.client.offers("Settings/get")) return;
    const { settings } = await this.client.call<{ settings: Partial<Values> }>("Settings/get", {});
    await this.#take({ ...DEFAULTS, ...settings });
  }

  /** Change something: at once here, then in the profile. */
  async set(update: Partial<Values>): Promise<void> {
    await this.#take({ ...this.values, ...update });
    if (this.client.offers("Settings/set")) await this.client.call("Settings/set", { update });
  }

  /** Put language and theme in force. */
  async apply(): Promise<void> {
    const { language, theme } = this.values;
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    document.documentElement.dataset.chosen = theme;
    const wanted = language === "system" ? preferred() : language;
    if (!texts.t || texts.language !== wanted) await texts.use(wanted);
  }

  get isDark(): boolean {
    const { theme } = this.values;
    return theme === "dark" || (theme === "system" && systemIsDark.matches);
  }

  async #take(values: Values): Promise<void> {
    this.values = values;
    localStorage.setItem(KEPT, JSON.stringify(values));
    await this.apply();
  }
}

export const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function recalled(): Partial<Values> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Values>;
  } catch {
    return {};
  }
}
