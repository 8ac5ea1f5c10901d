/** Dates, sizes and durations by `Intl`, in a given language. */

const cache = new Map<string, unknown>();

function once<T>(key: string, make: () => T): T {
  let found = cache.get(key) as T | undefined;
  if (!found) cache.set(key, (found = make()));
  return found;
}

function dates(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once(`d${locale}${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale, options));
}

export function number(locale: string, value: number, options: Intl.NumberFormatOptions = {}): string {
  return once(`n${locale}${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options)).format(value);
}

/** A time for a list: the hour today, the weekday this week, the day this year, else the date. */
export function shortDate(locale: string, when: Date, now = new Date()): string {
  const days = dayNumber(now) - dayNumber(when);
  if (days === 0) return dates(locale, { hour: "2-digit", minute: "2-digit" }).format(when);
  if (days > 0 && days < 7) return dates(locale, { weekday: "short" }).format(when);
  if (when.getFullYear() === now.getFullYear()) return dates(locale, { day: "numeric", month: "short" }).format(when);
  return dates(locale, { day: "numeric", month: "numeric", year: "2-digit" }).format(when);
}

/** A time to come or just gone, as people say it. */
export function moment(locale: string, when: Date, now = new Date()): string {
  const days = dayNumber(when) - dayNumber(now);
  const time = dates(locale, { hour: "2-digit", minute: "2-digit" }).format(when);
  if (days === 0) return time;
  if (Math.abs(days) === 1) {
    return `${once(`r${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: "auto" })).format(days, "day")} ${time}`;
  }
  return dates(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(when);
}

export function fullDate(locale: string, when: Date): string {
  return dates(locale, { dateStyle: "full", timeStyle: "short" }).format(when);
}

export function mediumDate(locale: string, when: Date): string {
  return dates(locale, { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(when);
}

export function dayOnly(locale: string, when: Date): string {
  return dates(locale, { day: "numeric", month: "short", year: "numeric" }).format(when);
}

/** A day of a year that is known; of a span of years the month. */
export function axisDay(locale: string, when: Date, isLong: boolean): string {
  return dates(locale, isLong ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" }).format(when);
}

/** Hours, minutes, seconds and thousandths: for the wire. */
export function clock(locale: string, when: Date): string {
  return dates(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false }).format(when);
}

export function weekday(locale: string, index: number): string {
  return dates(locale, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + index)); // a Monday
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** A size in octets, as people read it: 1.2 MB. */
export function size(locale: string, octets: number): string {
  const power = octets < 1 ? 0 : Math.min(Math.floor(Math.log10(octets) / 3), UNITS.length - 1);
  const value = octets / 1000 ** power;
  return number(locale, value, {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: power ? "short" : "narrow",
    maximumFractionDigits: power && value < 10 ? 1 : 0,
  });
}

/** How long something took, in its two largest units. */
export function duration(locale: string, seconds: number): string {
  const units: [number, string][] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  if (seconds < 10) return number(locale, seconds, { style: "unit", unit: "second", maximumFractionDigits: 2, unitDisplay: "narrow" });
  const first = units.findIndex(([length]) => seconds >= length);
  let rest = seconds;
  return units
    .slice(first, first + 2)
    .map(([length, unit]): [number, string] => {
      const whole = Math.floor(rest / length);
      rest -= whole * length;
      return [whole, unit];
    })
    .filter(([whole]) => whole > 0)
    .map(([whole, unit]) => number(locale, whole, { style: "unit", unit, unitDisplay: "narrow" }))
    .join(" ");
}

export function percent(locale: string, share: number): string {
  return number(locale, share, { style: "percent" });
}

export function names(locale: string, list: string[]): string {
  return once(`l${locale}`, () => new Intl.ListFormat(locale, { style: "short", type: "conjunction" })).format(list);
}

function dayNumber(when: Date): number {
  return Math.round(new Date(when.getFullYear(), when.getMonth(), when.getDate()).getTime() / 86_400_000);
}
