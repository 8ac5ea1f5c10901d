/** What lies over the page (dialogues, menus, a drawer), the newest last: Escape closes that one, wherever the focus is. */

export class Layers {
  #open: (() => void)[] = [];

  /** Something opens over the page. The answer takes it off, and gives the focus back where nothing else has it. */
  add(close: () => void): () => void {
    const before = document.activeElement as HTMLElement | null;
    this.#open.push(close);
    return () => {
      this.#open = this.#open.filter((each) => each !== close);
      if (document.activeElement === document.body && before?.isConnected) before.focus({ preventScroll: true });
    };
  }

  /** Hear a key before anything else on the page does. */
  press(event: KeyboardEvent): void {
    const close = this.#open.at(-1);
    if (!close || event.key !== "Escape" || event.isComposing) return; // while characters are composed, it is theirs
    event.preventDefault();
    event.stopPropagation();
    close();
  }
}
