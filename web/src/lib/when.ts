/** Times that people mean when they say "tomorrow morning". */

export function laterToday(now: Date): Date {
  const when = new Date(now);
  when.setHours(now.getHours() + 3, 0, 0, 0);
  return when;
}

export function tonight(now: Date): Date {
  return at(now, 0, 19);
}

export function tomorrow(now: Date): Date {
  return at(now, 1, 8);
}

/** The next Saturday, 9 o'clock. */
export function weekend(now: Date): Date {
  return at(now, (6 - now.getDay() + 7) % 7 || 7, 9);
}

/** The next Monday, 8 o'clock. */
export function nextWeek(now: Date): Date {
  return at(now, (8 - now.getDay()) % 7 || 7, 8);
}

/** The value of a `datetime-local` field, in the person's own time. */
export function fieldValue(when: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}T${two(when.getHours())}:${two(when.getMinutes())}`;
}

function at(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}
