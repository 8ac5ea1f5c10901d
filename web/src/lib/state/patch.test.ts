import assert from "node:assert/strict";
import { test } from "node:test";
import type { Head } from "../jmap/types.ts";
import { applied, inverse } from "./patch.ts";

const head = { id: "m1", mailboxIds: { b1: true }, keywords: { $flagged: true } } as unknown as Head;

for (const patch of [
  { "keywords/$seen": true },
  { "keywords/$flagged": null },
  { "mailboxIds/b1": null, "mailboxIds/b2": true },
  { mailboxIds: { b7: true } },
]) {
  test(`${JSON.stringify(patch)} and back`, () => {
    const after = applied(head, patch);
    assert.notDeepEqual(after, head);
    assert.deepEqual(applied(after, inverse(head, patch)), head);
  });
}
