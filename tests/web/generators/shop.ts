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

export type Visit = (url: string, key: string, orderId: string) => Promise<Seen>;
