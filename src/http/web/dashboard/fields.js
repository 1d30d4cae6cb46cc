// fields.js: what the service has of currencies and statuses, and an order's fields as text.

import { formatAmount, plainAmount } from "./money.js";
import { showTime, showUnseen } from "./page.js";

let decimals; // by currency
export const fields = { currencies: [], statuses: [] };

export function learnFields(settings) {
  Object.assign(fields, settings);
  decimals = Object.fromEntries(settings.currencies.map(({ code, decimals: places }) => [code, places]));
}

export const decimalsOf = (currency) => decimals[currency] ?? 0;
export const showMoney = (amount, currency) => `${formatAmount(amount, decimalsOf(currency))} ${currency}`;
export const plainMoney = (amount, currency) => plainAmount(amount, decimalsOf(currency));

// What people can change, by names that they know.
export const showFields = (order) => ({
  Customer: showUnseen(order.customer_id),
  Amount: showMoney(order.total_amount, order.currency),
  Date: showTime(order.order_date),
  Status: order.status,
});
