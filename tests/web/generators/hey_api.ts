// hey_api.ts: the SDK of @hey-api/openapi-ts, which presents the key as the description's `security` says.
import { client } from "./made/hey-api/client.gen.js";
import { createOrder, deleteOrder, listOrders, updateOrder } from "./made/hey-api/sdk.gen.js";
import { list, order, type Visit } from "./shop.js";

export const visit: Visit = async (baseUrl, key, order_id) => {
    client.setConfig({ baseUrl, auth: ({ type }) => (type === "apiKey" ? key : undefined) });
    const created = await createOrder({ body: { order_id, ...order } });
    const listed = await listOrders({ query: { ...list, status: ["confirmed", "pending"] } });
    const patched = await updateOrder({ path: { order_id }, body: { status: "shipped" } });
    const refused = await createOrder({ body: { order_id, ...order } });
    const deleted = await deleteOrder({ path: { order_id } });
    return {
        created: created.data!,
        listed: listed.data!.map((one) => one.order_id),
        patched: patched.data!,
        refused: { status: refused.response.status, detail: refused.error!.detail },
        deleted: deleted.response.status,
    };
};
