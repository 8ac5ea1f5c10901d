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

export function problemWords(problem: Problem): string {
  const words = problem.description ?? problem.words ?? "";
  const known = texts.t.problems as Record<string, Say>;
  const say = known[problem.code ?? ""] ?? known[problem.type];
  return say ? say(problem.given?.text || problem.given?.words || words) : words || problem.type || texts.t.common.unknownError;
}

/** What a person can do about it. */
export function remedyWords(problem: Problem & { remedy?: string }): string {
  return (texts.t.remedies as Record<string, string>)[problem.type] ?? problem.remedy ?? "";
}
