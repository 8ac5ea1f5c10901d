/** Patches of a message (RFC 8620 §5.3): applied here at once, sent, and turned round for undo. */

import type { Head } from "../jmap/types.ts";

export type Patch = Record<string, unknown>;

/** The message as it will be once the server has taken `patch`. */
export function applied<T extends Head>(head: T, patch: Patch): T {
  let next = head;
  for (const [path, value] of Object.entries(patch)) {
    const [property, member] = split(path);
    if (member === null) next = { ...next, [property]: value };
    else next = { ...next, [property]: changed(next[property as "keywords"], member, value) };
  }
  return next;
}

/** The patch that brings `head` back from what `patch` makes of it. */
export function inverse(head: Head, patch: Patch): Patch {
  const back: Patch = {};
  for (const path of Object.keys(patch)) {
    const [property, member] = split(path);
    const now = head[property as "keywords"];
    back[path] = member === null ? now : now[member] ? true : null;
  }
  return back;
}

function split(path: string): [property: string, member: string | null] {
  const at = path.indexOf("/");
  return at < 0 ? [path, null] : [path.slice(0, at), path.slice(at + 1).replaceAll("~1", "/").replaceAll("~0", "~")];
}

function changed(set: Record<string, boolean>, member: string, value: unknown): Record<string, boolean> {
  const next = { ...set };
  if (value) next[member] = true;
  else delete next[member];
  return next;
}
