/** A problem is worded in the page's language where it is known, and in the server's words where it is not. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

test("every kind of error that the program has is known in both languages", () => {
  const tree = readFileSync("../src/hongyan/errors.py", "utf8");
  const kinds = [...tree.matchAll(/^class (\w+)\(/gm)].map((found) => found[1]!).filter((kind) => kind !== "HongyanError");
  assert.ok(kinds.includes("TLSFailed"));
  for (const kind of [...kinds, "Defect"]) assert.ok(kind in en.problems && kind in zh.problems, kind);
});

test("what a server said stays as it was said", () => {
  assert.match(en.problems.Refused("no such user"), /“no such user”/);
  assert.match(zh.problems.Refused("no such user"), /“no such user”/);
});

test("Chinese begins with Chinese, and keeps the detail", () => {
  for (const say of Object.values(zh.problems)) assert.match(say("imap.example.org"), /^\p{Script=Han}.*imap\.example\.org/u);
});
