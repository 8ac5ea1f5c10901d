import type { en } from "./en.ts";

/** The shape of a catalogue: every key of the English one, with any text. */
type Widened<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...given: infer Given) => string
      ? (...given: Given) => string
      : Widened<T[K]>;
};

export type Catalogue = Widened<typeof en>;
export type Language = "en" | "zh";
