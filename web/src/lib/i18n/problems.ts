/** What went wrong, in the page's language: by the code of it where there is one, else by its type, else in the server's words. */

import { texts } from "./index.svelte.ts";

export interface Problem {
  /** The kind of an error of Hongyan's own, or a type of JMAP. */
  type: string;
  code?: string;
  description?: string;
  words?: string;
  /** What the words are made of. */
  given?: Record<string, string>;
}

type Say = (detail: string) => string;
/** Words for each code; some take what it is about. */
type Coded = Record<string, string | Say>;

/** What a code stands for in the page's language; undefined where it is not known. */
function coded(words: Coded, code: string | undefined, text: string): string | undefined {
  const said = words[code ?? ""];
  return typeof said === "function" ? said(text) : said;
}

/** What a reason of Hongyan's own says in the page's language; undefined for what others said. */
export function reasonWords(given: Record<string, string> | undefined): string | undefined {
  const sentence = (texts.t.reasons as Record<string, string>)[given?.why ?? ""];
  return sentence?.replace(/\{(\w+)\}/g, (_, name: string) => given?.[name] ?? "");
}

export function problemWords(problem: Problem): string {
  const flaw = problem.code === "WrongQuery" && coded(texts.t.search.flaws, problem.given?.flaw, problem.given?.text ?? "");
  if (flaw) return texts.t.search.flawAt(flaw, problem.given!.at!);
  const reason = reasonWords(problem.given);
  if (reason) return reason;
  const words = problem.description ?? problem.words ?? "";
  const known = texts.t.problems as Record<string, Say>;
  const say = known[problem.code ?? ""] ?? known[problem.type];
  return say ? say(problem.given?.text || problem.given?.words || words) : words || problem.type || texts.t.common.unknownError;
}

/** What a person can do about it. */
export function remedyWords(problem: Problem & { remedy?: string }): string {
  return (texts.t.remedies as Record<string, string>)[problem.type] ?? (problem.remedy ? texts.t.remedies.otherwise : "");
}

/** Why a rule is not in a server's script. */
export function leftWords(left: Omit<Problem, "type">): string {
  return coded(texts.t.rules.left, left.code, left.given?.text ?? "") ?? problemWords({ ...left, type: left.code ?? "" });
}

/** Which password a provider wants. */
export function hintWords(provider: { hint: string | null; words: string }): string {
  return coded(texts.t.setup.hints, provider.hint ?? "", "") ?? provider.words;
}
