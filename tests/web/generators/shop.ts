// shop.ts: what each client is to do with the service, and what it then has to show.
export interface Seen {
    created: { order_id: string; status: string; total_amount: number };
    listed: string[];
    patched: { status: string; total_amount: number; order_date: string };
    refused: { status: number; detail: unknown };
    deleted: number;
}

// Without a status, and without a date: an order has those of its own.
export const order = { customer_id: "C-1", total_amount: 4200, currency: "EUR" } as const;

// By which it is found: each client has a way of its own to write a list.
export const list = {
    customer_id: "C-1", currency: "EUR", min_amount: 4200, max_amount: 4200, placed_from: "2020-01-01T00:00:00Z",
    search: "made-", order_by: "order_date desc", count: true, limit: 10,
} as const;

export type Visit = (url: string, key: string, orderId: string) => Promise<Seen>;
