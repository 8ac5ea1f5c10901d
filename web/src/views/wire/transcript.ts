/** A connection as text, with `C:` and `S:` as the RFCs write dialogues; and what pipelining spared. */

import type { WireConnection, WireLine } from "../../lib/jmap/own.ts";

const SIGN = { sent: "C:", received: "S:", note: "#" };

export function transcript(connection: WireConnection, lines: WireLine[]): string {
  const head = `# ${connection.url}, ${connection.openedAt}`;
  return [head, ...lines.map((line) => `${SIGN[line.direction]} ${line.text}`), ""].join("\n");
}

/** Commands that were sent without waiting for the answer to the one before: round trips that were not needed. */
export function saved(lines: WireLine[], roundTrips: number): number {
  const commands = lines.filter((line) => line.direction === "sent" && line.command).length;
  return Math.max(0, commands - roundTrips);
}

export type Fold = { fold: number; count: number };

const LONG = 8;
const HEAD = 3;

/** Long answers keep their first lines and their last; the rest is a fold, named by the number of its first line. */
export function folded(lines: WireLine[], opened: ReadonlySet<number>): (WireLine | Fold)[] {
  const shown: (WireLine | Fold)[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at + 1;
    while (end < lines.length && lines[end]!.direction === "received" && lines[at]!.direction === "received") end++;
    const first = lines[at + HEAD]?.number ?? -1;
    if (end - at <= LONG || opened.has(first)) shown.push(...lines.slice(at, end));
    else shown.push(...lines.slice(at, at + HEAD), { fold: first, count: end - at - HEAD - 1 }, lines[end - 1]!);
    at = end;
  }
  return shown;
}
