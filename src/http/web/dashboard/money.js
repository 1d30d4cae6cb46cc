// money.js: amounts are integers in the smallest unit of their currency; here they become text and come from it.

const group = new Intl.NumberFormat("en");

// 25990 with 2 decimals: "259.90". Takes a Number or a BigInt.
export function formatAmount(amount, decimals) {
  const sign = amount < 0 ? "-" : "";
  const digits = String(amount).replace("-", "").padStart(decimals + 1, "0");
  const whole = group.format(BigInt(digits.slice(0, digits.length - decimals)));
  return sign + whole + (decimals > 0 ? `.${digits.slice(-decimals)}` : "");
}

// "1,259.90" with 2 decimals: "125990", as text, so that nothing is rounded. Null: it is no amount of this currency. A
// comma or a blank stands before three digits only: elsewhere it may be the decimal point of who wrote it.
export function readAmount(text, decimals) {
  const parts = /^\s*(\d{1,3}(?:[,\s]\d{3})+|\d+)(?:\.(\d*))?\s*$/.exec(text);
  if (parts === null || (parts[2] ?? "").length > decimals) return null;
  const digits = parts[1].replace(/[,\s]/g, "") + (parts[2] ?? "").padEnd(decimals, "0");
  return digits.replace(/^0+(?=\d)/, "");
}

// What readAmount takes, for who wrote something else.
export function describeAmount(decimals) {
  const most = decimals > 0 ? `A number with at most ${decimals} decimals` : "A whole number";
  return `${most}, such as ${formatAmount(1234 * 10 ** decimals, decimals)}`;
}
