// zodios.ts: the client of openapi-zod-client, which holds what is sent and what comes against the description's rules.
import { isAxiosError } from "axios";

import { createApiClient } from "./made/zodios.js";
import { list, order, type Visit } from "./shop.js";

export const visit: Visit = async (url, key, order_id) => {
    // A list as the description has it, without axios' own brackets.
    const paramsSerializer = { indexes: null };
    const client = createApiClient(url, { axiosConfig: { headers: { "X-API-Key": key }, paramsSerializer } });
    const params = { order_id };
    const created = await client.createOrder({ order_id, ...order });
    const listed = await client.listOrders({ queries: { ...list, status: ["confirmed", "pending"] } });
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
