/** What was typed before a window was there is put in as if it were typed now. */

const FIELDS = "input[type=text], textarea, [contenteditable=true]";

export function typeInto(window: HTMLElement, text: string): void {
  for (const [piece] of text.matchAll(/[\t\n]|[^\t\n]+/g)) {
    if (piece !== "\t" && piece !== "\n") document.execCommand("insertText", false, piece);
    else if (!press(piece === "\t" ? "Tab" : "Enter")) continue;
    else if (piece === "\t") next(window)?.focus();
    else if (document.activeElement?.tagName !== "INPUT") document.execCommand("insertText", false, "\n");
  }
}

/** Press a key; whether nobody has taken it. */
function press(key: string): boolean {
  return document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) ?? false;
}

function next(window: HTMLElement): HTMLElement | undefined {
  const fields = [...window.querySelectorAll<HTMLElement>(FIELDS)];
  return fields[fields.indexOf(document.activeElement as HTMLElement) + 1];
}
