import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireConnection, WireLine } from "../../lib/jmap/own.ts";
import { folded, saved, transcript } from "./transcript.ts";

const line = (direction: WireLine["direction"], text: string, command: string | null = null) => ({ direction, text, command }) as WireLine;
const connection = { url: "pop3s://pop.example.org", openedAt: "2026-11-26T08:00:00Z" } as WireConnection;
const lines = [line("received", "+OK"), line("sent", "STAT", "STAT"), line("sent", "UIDL", "UIDL"), line("note", "TLS 1.3")];

test("a transcript reads like an RFC", () => {
  assert.equal(transcript(connection, lines), "# pop3s://pop.example.org, 2026-11-26T08:00:00Z\nS: +OK\nC: STAT\nC: UIDL\n# TLS 1.3\n");
});

test("two commands in one round trip spare one", () => assert.equal(saved(lines, 1), 1));

test("a long answer is folded, and unfolds", () => {
  const many = [line("sent", "LIST", "LIST"), ...Array.from({ length: 20 }, (_, number) => ({ ...line("received", `${number} 100`), number }))];
  const shown = folded(many, new Set());
  assert.deepEqual(shown[4], { fold: 3, count: 16 });
  assert.equal(shown.length, 1 + 3 + 1 + 1);
  assert.equal(folded(many, new Set([3])).length, many.length);
  assert.equal(folded(lines, new Set()).length, lines.length);
});
