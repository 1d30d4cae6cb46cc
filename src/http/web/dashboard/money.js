// money.js: amounts are integers in the smallest unit of their currency; here they become text and come from it.

const group = new Intl.NumberFormat("en");

// 125990 with 2 decimals: "1,259.90". Takes a Number or a BigInt.
export function formatAmount(amount, decimals) {
  const sign = amount < 0 ? "-" : "";
  const digits = String(amount).replace("-", "").padStart(decimals + 1, "0");
  const whole = group.format(BigInt(digits.slice(0, digits.length - decimals)));
  return sign + whole + (decimals > 0 ? `.${digits.slice(-decimals)}` : "");
}

// The same for programs: "1259.90".
export const plainAmount = (amount, decimals) => formatAmount(amount, decimals).replaceAll(",", "");

// "1,259.90" with 2 decimals: "125990", as text, so that nothing is rounded. Null: it is no amount of this currency. It
// has exactly the currency's decimals, as formatAmount writes it: "1260" may be meant in the smallest unit, "1.260" and
// "1260,00" by the rules of another country. What separates thousands is a comma or a blank, the same one throughout.
export function readAmount(text, decimals) {
  const parts = /^\s*(\d{1,3}(?:([, \u00a0\u2009\u202f])\d{3}(?:\2\d{3})*)|\d+)(?:\.(\d+))?\s*$/.exec(text);
  if (parts === null) return null;
  const [, whole, , fraction = ""] = parts;
  return fraction.length === decimals ? (whole.replace(/\D/g, "") + fraction).replace(/^0+(?=\d)/, "") : null;
}

// What readAmount takes, for who wrote something else.
export function describeAmount(currency, decimals) {
  const form = decimals > 0 ? `exactly ${decimals} decimals after a point` : "no decimals";
  return `An amount in ${currency} has ${form}: write 1234 as ${formatAmount(1234 * 10 ** decimals, decimals)}`;
}
