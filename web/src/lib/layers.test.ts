import assert from "node:assert/strict";
import { test } from "node:test";
import { Layers } from "./layers.ts";

const body = {};
const page = { body, activeElement: body as object };
Object.assign(globalThis, { document: page });

function press(layers: Layers, key = "Escape", isComposing = false): boolean {
  let isTaken = false;
  layers.press({ key, isComposing, preventDefault: () => (isTaken = true), stopPropagation: () => undefined } as unknown as KeyboardEvent);
  return isTaken;
}

test("Escape closes the newest, one at a time, and is the page's own when there is none", () => {
  const layers = new Layers();
  const closed: string[] = [];
  for (const name of ["menu", "dialogue"]) {
    const gone = layers.add(() => (closed.push(name), gone()));
  }
  assert.equal(press(layers, "Enter"), false);
  assert.equal(press(layers, "Escape", true), false);
  assert.deepEqual(closed, []);
  assert.equal(press(layers), true);
  assert.deepEqual(closed, ["dialogue"]);
  assert.equal(press(layers), true);
  assert.deepEqual(closed, ["dialogue", "menu"]);
  assert.equal(press(layers), false);
});

test("The focus goes back to where it was, unless something else has it by then", () => {
  const layers = new Layers();
  const field = { isConnected: true, focus: () => (page.activeElement = field) };
  page.activeElement = field;
  const gone = layers.add(() => undefined);
  page.activeElement = body; // what had the focus is off the page
  gone();
  assert.equal(page.activeElement, field);
  const again = layers.add(() => undefined);
  const other = (page.activeElement = {});
  again();
  assert.equal(page.activeElement, other);
  page.activeElement = body;
});
