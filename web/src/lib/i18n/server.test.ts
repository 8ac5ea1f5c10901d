/** What the server tells by a code has words in both languages. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { commands } from "./commands.zh.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const source = (path: string) => readFileSync(`../src/hongyan/${path}`, "utf8");

/** The members of an enum in Python. */
function members(text: string, name: string): string[] {
  const body = text.split(`class ${name}(Enum):`)[1]!.split(/\n\n\n/)[0]!;
  return [...body.matchAll(/^ {4}([A-Z_0-9]+) = /gm)].map((found) => found[1]!);
}

function known(keys: string[], ...catalogues: object[]): void {
  assert.ok(keys.length > 1, "the source is not read as it should be");
  for (const words of catalogues) assert.deepEqual(keys.filter((key) => !(key in words)), []);
}

test("why something went wrong, and what it is about", () => {
  const sentences = [...source("reasons.py").matchAll(/^ {4}([A-Z_0-9]+) = (".*"|\(\n[^)]*\))/gm)];
  const names = (sentence: string) => new Set([...sentence.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!));
  known(members(source("reasons.py"), "Reason"), en.reasons, zh.reasons);
  assert.equal(sentences.length, Object.keys(en.reasons).length, "the page words a reason that there is not");
  for (const words of [en.reasons, zh.reasons] as Record<string, string>[]) {
    for (const [, code, sentence] of sentences) {
      const given = names(sentence!);
      assert.deepEqual([...names(words[code!]!)].filter((name) => !given.has(name)), [], `${code} is not told this`);
    }
  }
});

test("what a query lacks", () => known(members(source("store/query.py"), "Flaw"), en.search.flaws, zh.search.flaws));

test("which password a provider wants", () => {
  known(members(source("discover/types.py"), "Hint").map((name) => name.toLowerCase()), en.setup.hints, zh.setup.hints);
});

test("what speaks for and against a sender", () => {
  const marks = members(source("mime/identity.py"), "Mark").filter((name) => name !== "LYING_LINKS").map((name) => name.toLowerCase());
  const kinds = [...source("app/own/trust.py").matchAll(/Evidence\(\s*"(\w+)"/g)].map((found) => found[1]!);
  known([...marks, ...kinds], en.trust.kinds, zh.trust.kinds);
});

test("why a rule is not in a server's script", () => {
  const kinds = [...source("sync/sieve.py").matchAll(/^class (\w+)\(_CannotSay\)/gm)].map((found) => found[1]!);
  known(kinds, en.rules.left, zh.rules.left);
});

test("what an account is doing", () => {
  const files = globSync("../src/hongyan/{app,sync}/*.py").map((path) => readFileSync(path, "utf8"));
  const whats = files.flatMap((text) => [...text.matchAll(/Progress\("(\w+)"/g)].map((found) => found[1]!));
  known([...new Set(whats)], en.activity.whats, zh.activity.whats);
});

test("what a command of a protocol does", () => {
  const tables = [...source("net/console.py").matchAll(/^_(POP3|SMTP|IMAP): Final = \{\n(.*?)^\}/gms)];
  const keys = tables.flatMap(([, protocol, rows]) => [...rows!.matchAll(/^ {4}"(\w+)": Explained/gm)].map((found) => `${protocol!.toLowerCase()} ${found[1]}`));
  assert.equal(tables.length, 3);
  known(keys, commands);
});
