/** Plurals by `Intl.PluralRules`; `#` stands for the number as the language writes it. */

const rules = new Map<string, Intl.PluralRules>();
const numbers = new Map<string, Intl.NumberFormat>();

export type Forms = { other: string; one?: string };

export function plural(language: string, count: number, forms: Forms): string {
  let rule = rules.get(language);
  if (!rule) rules.set(language, (rule = new Intl.PluralRules(language)));
  let number = numbers.get(language);
  if (!number) numbers.set(language, (number = new Intl.NumberFormat(language)));
  const form = rule.select(count) === "one" ? (forms.one ?? forms.other) : forms.other;
  return form.replace("#", number.format(count));
}
