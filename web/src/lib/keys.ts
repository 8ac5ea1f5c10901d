/** Keys: what people know from Gmail and Thunderbird. A key is `e`, `Shift+I`, `Mod+k`, or two in a row: `g i`. */

export interface Bound {
  keys: string[];
  run: (event: KeyboardEvent) => void;
}

const PATIENCE = 1200;
const isMac = typeof navigator !== "undefined" && navigator.platform.startsWith("Mac");

/** How the keyboard names what was pressed. */
export function pressed(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  const alt = event.altKey ? "Alt+" : "";
  const isLetter = /^\p{L}$/u.test(event.key);
  const shift = event.shiftKey && (isLetter || event.key === " " || event.key.length > 1) ? "Shift+" : "";
  const key = isLetter && (shift || mod) ? event.key.toUpperCase() : event.key === " " ? "Space" : event.key;
  return mod + alt + shift + (mod && isLetter ? key.toLowerCase() : key);
}

/** How a key is shown to people. */
export function shown(keys: string): string {
  return keys.replace("Mod+", isMac ? "⌘" : "Ctrl+").replace("Shift+", "⇧").replace("ArrowDown", "↓").replace("ArrowUp", "↑");
}

export class Keyboard {
  #before = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly #bound: () => Bound[];

  constructor(bound: () => Bound[]) {
    this.#bound = bound;
  }

  /** Hand a key to whoever is bound to it. */
  press(event: KeyboardEvent): void {
    const key = pressed(event);
    if (isWriting(event.target) && key !== "Mod+k") return;
    if ((key === "Enter" || key === "Space") && isPressed(event.target)) return;
    const sequence = this.#before ? `${this.#before} ${key}` : key;
    const all = this.#bound();
    const found = all.find((each) => each.keys.includes(sequence)) ?? all.find((each) => each.keys.includes(key));
    const begins = !found && all.some((each) => each.keys.some((name) => name.startsWith(`${key} `)));
    this.#remember(begins ? key : "");
    if (!found) return;
    event.preventDefault();
    found.run(event);
  }

  #remember(key: string): void {
    clearTimeout(this.#timer);
    this.#before = key;
    if (key) this.#timer = setTimeout(() => (this.#before = ""), PATIENCE);
  }
}

/** Whether Enter and the space bar are its own: a button, a link, a box to tick. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a[href], input, summary, [role=button]") !== null;
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio)$/.test((target as HTMLInputElement).type));
}
