/**
 * Scrolling through more rows than a browser can lay out (about 33 million pixels): the element is
 * as high as it can be, and what it shows is shifted by an offset that changes from page to page.
 */

const HIGHEST = 12_000_000;
const PAGES = 100;

export class Virtual {
  #rows = 0;
  #rowHeight = 1;
  #view = 0;
  #offset = 0;
  #before = 0;

  /** Say how many rows of what height there are, and how high the window is. */
  measure(rows: number, rowHeight: number, view: number): void {
    this.#rows = rows;
    this.#rowHeight = rowHeight;
    this.#view = view;
    this.#offset = Math.min(this.#offset, Math.max(0, this.#total - this.height));
  }

  /** The height of the element, in pixels. */
  get height(): number {
    return Math.min(this.#total, HIGHEST);
  }

  get #total(): number {
    return this.#rows * this.#rowHeight;
  }

  /** Where a row stands in the element. */
  top(index: number): number {
    return index * this.#rowHeight - this.#offset;
  }

  /** The rows that are seen when the element is scrolled to `scrollTop`, both included. */
  seen(scrollTop: number): [first: number, last: number] {
    const first = Math.floor((scrollTop + this.#offset) / this.#rowHeight);
    const last = Math.ceil((scrollTop + this.#offset + this.#view) / this.#rowHeight);
    return [Math.max(0, first), Math.min(this.#rows - 1, last)];
  }

  /** The element was scrolled to `scrollTop`; the answer is where it should stand instead. */
  scrolled(scrollTop: number): number {
    const far = Math.abs(scrollTop - this.#before) >= this.#view;
    const real = far ? this.#jumped(scrollTop) : scrollTop + this.#offset;
    this.#before = far ? scrollTop : this.#turn(real);
    return this.#before;
  }

  /** Where to scroll so that a row is wholly seen; the same `scrollTop` where it is. */
  reveal(index: number, scrollTop: number): number {
    const now = scrollTop + this.#offset;
    const top = index * this.#rowHeight;
    const bottom = top + this.#rowHeight - this.#view;
    this.#before = this.#turn(top < now ? top : bottom > now ? bottom : now);
    return this.#before;
  }

  /** Far over: the place in the element is the place in the whole. */
  #jumped(scrollTop: number): number {
    const room = this.height - this.#view;
    const real = room > 0 ? (scrollTop / room) * (this.#total - this.#view) : 0;
    this.#offset = Math.max(0, Math.round(real - scrollTop));
    return real;
  }

  /** A little on: stay as one is, but begin a new page when the old one ends. */
  #turn(real: number): number {
    const hidden = this.#total - this.height;
    if (hidden <= 0) return real - (this.#offset = 0);
    const page = Math.min(PAGES - 1, Math.floor((real / this.#total) * PAGES));
    const offset = Math.round((page / (PAGES - 1)) * hidden);
    if (Math.abs(offset - this.#offset) > (2 * hidden) / PAGES) this.#offset = offset;
    const atEdge = real - this.#offset < this.#view || real - this.#offset > this.height - 2 * this.#view;
    if (atEdge) this.#offset = offset;
    return real - this.#offset;
  }
}
