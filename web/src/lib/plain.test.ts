import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, isDrawn, quotedTail } from "./plain.ts";

const links = (text: string) => blocks(text).flatMap((block) => block.lines.flat()).filter((piece) => piece.kind === "link");

test("quotes, answer and signature are blocks", () => {
  const found = blocks("Yes.\n\n> > Old\n> Older?\n-- \nBo\n");
  assert.deepEqual(found.map((block) => [block.depth, block.isSignature]), [[0, false], [2, false], [1, false], [0, true]]);
});

test("the quoted tail is folded, a quote that is answered below is not", () => {
  assert.equal(quotedTail(blocks("Yes.\n\n> Old\n\n-- \nBo")), 1);
  assert.equal(quotedTail(blocks("> Old\n\nYes.")), -1);
  assert.equal(quotedTail(blocks("> only a quote")), -1);
});

test("links end where people mean them to end", () => {
  assert.deepEqual(links("See https://x.org/a_(b), or www.y.org. 见 https://z.org/路径。").map((piece) => piece.href), ["https://x.org/a_(b)", "https://www.y.org", "https://z.org/路径"]);
  assert.deepEqual(links("bo@example.org!").map((piece) => piece.href), ["mailto:bo@example.org"]);
  assert.deepEqual(links("javascript:alert(1) file:///etc/passwd"), []);
});

test("a long line takes no long time", () => {
  const start = performance.now();
  blocks("a.".repeat(50_000) + "@" + ">".repeat(50_000));
  assert.ok(performance.now() - start < 2000);
});

test("columns and patches are drawn, letters are not", () => {
  assert.ok(isDrawn("height      1,130 m\nbattery        84 %\nfixes         672\n\nBye"));
  assert.ok(isDrawn("Hello\n\ndiff --git a/x b/x\n"));
  assert.ok(!isDrawn("Dear Bo,\n\n   an indent.\n\nYours,\nYan"));
});
