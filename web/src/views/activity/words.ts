/** What an account is doing, in words and as a share. */

import type { Catalogue } from "../../lib/i18n/catalogue";
import type { Activity, Job } from "../../lib/jmap/own";

export function wordsOf(activity: Activity, t: Catalogue): string {
  return t.activity[activity.state];
}

/** The share that is done, from 0 to 1; null where it is not known. */
export function progressOf(activity: Activity | Job): number | null {
  if (activity.totalOctets && activity.octets !== null) return Math.min(1, activity.octets / activity.totalOctets);
  if (activity.total && activity.done !== null) return Math.min(1, activity.done / activity.total);
  return null;
}
