// openapi_fetch.ts: openapi-fetch, by the types of openapi-typescript.
import createClient from "openapi-fetch";

import type { paths } from "./made/openapi-typescript.js";
import { list, order, type Visit } from "./shop.js";

export const visit: Visit = async (baseUrl, key, order_id) => {
    const client = createClient<paths>({ baseUrl, headers: { "X-API-Key": key } });
    const path = { order_id };
    const created = await client.POST("/orders", { body: { order_id, ...order } });
    const listed = await client.GET("/orders", {
        params: { query: { ...list, status: ["confirmed", "pending"] } },
    });
    const patched = await client.PATCH("/orders/{order_id}", { params: { path }, body: { status: "shipped" } });
    const refused = await client.POST("/orders", { body: { order_id, ...order } });
    const deleted = await client.DELETE("/orders/{order_id}", { params: { path } });
    return {
        created: created.data!,
        listed: listed.data!.map((one) => one.order_id),
        patched: patched.data!,
        refused: { status: refused.response.status, detail: refused.error!.detail },
        deleted: deleted.response.status,
    };
};
