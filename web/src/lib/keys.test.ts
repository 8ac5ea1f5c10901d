import assert from "node:assert/strict";
import { test } from "node:test";
import { Keyboard, pressed } from "./keys.ts";

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test("keys are named as they are written", () => {
  assert.equal(pressed({ ...none, key: "e" }), "e");
  assert.equal(pressed({ ...none, key: "I", shiftKey: true }), "Shift+I");
  assert.equal(pressed({ ...none, key: "?", shiftKey: true }), "?");
  assert.equal(pressed({ ...none, key: "#", shiftKey: true }), "#");
  assert.equal(pressed({ ...none, key: "k", ctrlKey: true }), "Mod+k");
  assert.equal(pressed({ ...none, key: "Enter", metaKey: true }), "Mod+Enter");
  assert.equal(pressed({ ...none, key: " ", shiftKey: true }), "Shift+Space");
});

test("Enter on a button is the button's, and anywhere else a command", () => {
  class Element {
    readonly isButton: boolean;
    readonly tagName = "X";
    readonly isContentEditable = false;
    constructor(isButton: boolean) {
      this.isButton = isButton;
    }
    closest() {
      return this.isButton ? this : null;
    }
  }
  Object.assign(globalThis, { HTMLElement: Element });
  const ran: string[] = [];
  const keyboard = new Keyboard(() => [{ keys: ["Enter", "e"], run: () => ran.push("run") }]);
  const press = (key: string, isButton: boolean) => keyboard.press({ ...none, key, target: new Element(isButton), preventDefault: () => ran.push("prevented") } as unknown as KeyboardEvent);
  press("Enter", true);
  assert.deepEqual(ran, []);
  press("e", true);
  press("Enter", false);
  assert.deepEqual(ran, ["prevented", "run", "prevented", "run"]);
});
