// zodios.ts: the client of openapi-zod-client, which holds what is sent and what comes against the description's rules.
import { isAxiosError } from "axios";

import { createApiClient } from "./made/zodios.js";
import { order, type Visit } from "./shop.js";

export const visit: Visit = async (url, key, order_id) => {
    const client = createApiClient(url, { axiosConfig: { headers: { "X-API-Key": key } } });
    const params = { order_id };
    const created = await client.createOrder({ order_id, ...order });
    const listed = await client.listOrders({ queries: { customer_id: "C-1", limit: 10 } });
    const patched = await client.updateOrder({ status: "shipped" }, { params });
    const refused = await client.createOrder({ order_id, ...order }).catch((error: unknown) => error);
    if (!isAxiosError(refused) || refused.response === undefined)
        throw new Error("it was created twice", { cause: refused });
    await client.deleteOrder(undefined, { params });
    const gone = await client.getOrder({ params }).catch((error: unknown) => error);
    return {
        created,
        listed: listed.map((one) => one.order_id),
        patched,
        refused: { status: refused.response.status, detail: refused.response.data.detail },
        deleted: isAxiosError(gone) && gone.response?.status === 404 ? 204 : 0,
    };
};
