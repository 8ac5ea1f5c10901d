/**
 * How high a message's HTML is. Its frame has no origin and no script, so it cannot say; the same sanitised
 * fragment is therefore laid out unseen, inert, cleaned once more, in a closed shadow tree, and measured.
 * Nothing of it is shown, and it loads nothing but the message's own pictures.
 */

export interface Measured {
  height: number;
  blocked: number;
  hasQuoted: boolean;
}

const HIGHEST = 40_000;

export async function measured(url: string, width: number): Promise<Measured | null> {
  const [{ default: purify }, answer] = await Promise.all([import("dompurify"), fetch(url, { credentials: "same-origin" })]);
  if (!answer.ok) return null;
  const html = await answer.text();
  const clean = purify.sanitize(html.replace(STYLE, ""), { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ["style"], FORCE_BODY: true });
  const height = await laidOut(clean, styles(html), width);
  return {
    height: Math.min(Math.ceil(height), HIGHEST),
    blocked: Number(answer.headers.get("X-Hongyan-Remote") ?? 0),
    hasQuoted: answer.headers.get("X-Hongyan-Quoted") === "1",
  };
}

/** As the server's sanitiser writes it. */
const STYLE = /<style>([^<]*)<\/style>/g;

/** The style sheets of the fragment, as one that can be adopted: `<style>` itself is not in force here. */
function styles(html: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync([...html.matchAll(STYLE)].map((found) => found[1]).join("\n"));
  return sheet;
}

async function laidOut(content: DocumentFragment, own: CSSStyleSheet, width: number): Promise<number> {
  const host = document.createElement("div");
  host.inert = true;
  host.ariaHidden = "true";
  Object.assign(host.style, { all: "initial", position: "fixed", visibility: "hidden", pointerEvents: "none", left: "0", top: "0", width: `${width}px`, contain: "layout style paint" });
  const shadow = host.attachShadow({ mode: "closed" });
  shadow.adoptedStyleSheets = [own]; // the server's own style stands first in the fragment
  const main = document.createElement("main");
  Object.assign(main.style, { width: `${width}px` });
  main.append(content);
  shadow.append(main);
  document.body.append(host);
  try {
    await Promise.race([pictures(main), new Promise((resolve) => setTimeout(resolve, 1500))]);
    return Math.max(main.scrollHeight, main.offsetHeight);
  } finally {
    host.remove();
  }
}

function pictures(within: HTMLElement): Promise<unknown> {
  const waiting = [...within.querySelectorAll("img")].filter((each) => !each.complete);
  return Promise.all(waiting.map((each) => new Promise((resolve) => (each.onload = each.onerror = resolve))));
}
