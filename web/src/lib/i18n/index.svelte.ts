/** The language of the page: loaded when it is needed, switched at once. */

import type { Catalogue, Language } from "./catalogue";

const load: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import("./en")).en,
  zh: async () => (await import("./zh")).zh,
};

/** What the browser would like best, of what there is. */
export function preferred(): Language {
  for (const each of navigator.languages) {
    if (each.startsWith("zh")) return "zh";
    if (each.startsWith("en")) return "en";
  }
  return "en";
}

export class Texts {
  t = $state.raw<Catalogue>(undefined as never);
  language = $state<Language>("en");

  /** The tag for `Intl`: the person's own variant of the language where the browser names one. */
  get locale(): string {
    return navigator.languages.find((each) => each.startsWith(this.language)) ?? (this.language === "zh" ? "zh-CN" : "en");
  }

  async use(language: Language): Promise<void> {
    this.t = await load[language]();
    this.language = language;
    document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  }
}

/** One for the page: made once, in `main.ts`, before anything is shown. */
export const texts = new Texts();
