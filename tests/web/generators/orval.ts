// orval.ts: orval's functions on fetch, which have the server's URL from when they were made.
import { createOrder, deleteOrder, listOrders, updateOrder } from "./made/orval.js";
import { list, order, type Visit } from "./shop.js";

export const visit: Visit = async (_url, key, order_id) => {
    const options = { headers: { "X-API-Key": key } };
    const created = await createOrder({ order_id, ...order }, options);
    const listed = await listOrders({ ...list, status: ["confirmed", "pending"] }, options);
    const patched = await updateOrder(order_id, { status: "shipped" }, options);
    const refused = await createOrder({ order_id, ...order }, options);
    const deleted = await deleteOrder(order_id, options);
    if (created.status !== 201 || listed.status !== 200 || patched.status !== 200 || refused.status !== 400)
        throw new Error(JSON.stringify([created, listed, patched, refused]));
    return {
        created: created.data,
        listed: listed.data.map((one) => one.order_id),
        patched: patched.data,
        refused: { status: refused.status, detail: refused.data.detail },
        deleted: deleted.status,
    };
};
