/** No text of the page is outside the catalogues. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "svelte/compiler";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const SPOKEN = new Set(["title", "aria-label", "placeholder", "alt", "label"]);
const LETTER = /\p{L}{2,}/u;

type Node = Record<string, unknown> & { type?: string };

function* strays(node: unknown, within = ""): Generator<string> {
  if (Array.isArray(node)) {
    for (const each of node) yield* strays(each, within);
  } else if (node !== null && typeof node === "object") {
    const here = node as Node;
    if (here.type === "Text" && within !== "attribute" && LETTER.test(String(here.data))) yield String(here.data).trim();
    if (here.type === "StyleDirective") return;
    if (here.type === "Attribute") {
      if (SPOKEN.has(String(here.name)) && LETTER.test(literal(here.value))) yield `${here.name}="${literal(here.value)}"`;
      return;
    }
    for (const [key, value] of Object.entries(here)) if (key !== "css") yield* strays(value, within);
  }
}

function literal(value: unknown): string {
  const parts = Array.isArray(value) ? (value as Node[]) : [];
  return parts.filter((part) => part.type === "Text").map((part) => String(part.data)).join("");
}

for (const file of globSync("src/**/*.svelte")) {
  test(`${file} says nothing by itself`, () => {
    const tree = parse(readFileSync(file, "utf8"), { modern: true });
    assert.deepEqual([...strays(tree.fragment)], []);
  });
}

/** Every path of a catalogue with its text; functions are called with what their names ask for. */
function* said(part: object, path = ""): Generator<[string, string]> {
  for (const [key, value] of Object.entries(part)) {
    if (typeof value === "string") yield [path + key, value];
    else if (typeof value === "function") yield [path + key, String(value(...Array(value.length).fill(3)))];
    else yield* said(value as object, `${path}${key}.`);
  }
}

test("both languages say all there is to say", () => {
  const english = new Map(said(en));
  const chinese = new Map(said(zh));
  assert.deepEqual([...chinese.keys()], [...english.keys()]);
  for (const [path, text] of [...english, ...chinese]) assert.ok(text.trim(), path);
});

test("Chinese is Chinese", () => {
  const same = new Set(["language.en", "setup.addressExample", "setup.demoHow", "setup.noSessionHow", "settings.encryptHow", "activity.progress"]);
  for (const [path, text] of said(zh)) assert.ok(same.has(path) || /\p{Script=Han}/u.test(text), `${path}: ${text}`);
});

test("plurals follow the number", () => {
  assert.equal(en.list.count(1), "one message");
  assert.equal(en.list.count(2), "2 messages");
  assert.equal(zh.list.count(1000), "1,000 封邮件");
});
