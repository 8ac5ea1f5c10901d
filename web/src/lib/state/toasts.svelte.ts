/** Short words at the foot of the window, some with a way back. */

export interface Toast {
  id: number;
  words: string;
  /** Says itself anew each second, until `until`. */
  countdown?: { until: number; words: (seconds: number) => string };
  undo?: () => void | Promise<void>;
  action?: { words: string; run: () => void };
  isError?: boolean;
}

const SHOWN = 7000;

export class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(toast: Omit<Toast, "id">, milliseconds = SHOWN): number {
    const id = this.#next++;
    const others = this.list.filter((each) => each.words !== toast.words || each.undo);
    this.list = [...others.slice(-2), { ...toast, id }];
    this.#timers.set(id, setTimeout(() => this.drop(id), milliseconds));
    return id;
  }

  drop(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((each) => each.id !== id);
  }

  /** Undo what was done last, if it still can be. */
  async undo(): Promise<void> {
    const last = this.list.findLast((each) => each.undo);
    if (!last) return;
    this.drop(last.id);
    await last.undo?.();
  }
}
