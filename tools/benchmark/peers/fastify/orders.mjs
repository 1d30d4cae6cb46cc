// orders.mjs: the service of orders as a user of fastify and node-postgres would write it: a cluster of two processes.
import cluster from "node:cluster";
import { timingSafeEqual } from "node:crypto";

import fastify from "fastify";
import pg from "pg";

const WORKERS = 2, CONNECTIONS = 8;
const { API_KEY, PEER_PORT } = process.env;
const UNIQUE_VIOLATION = "23505";

const text = { type: "string", minLength: 1, maxLength: 255 };
const time = { type: "string", format: "date-time" };
const fields = {
    customer_id: text,
    order_date: time,
    total_amount: { type: "integer", minimum: 1 },
    currency: { enum: ["AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "ISK", "JPY", "NOK", "SEK", "USD"] },
    status: { enum: ["pending", "confirmed", "processing", "shipped", "delivered", "completed", "cancelled"] },
};
const order = {
    type: "object",
    properties: {
        id: { type: "integer" }, order_id: text, ...fields, currency: text, status: text, created_at: time, updated_at: time,
    },
};
const newOrder = {
    type: "object",
    required: ["order_id", "customer_id", "total_amount", "currency"],
    properties: { order_id: text, ...fields },
};
const page = {
    type: "object",
    properties: { skip: { type: "integer", minimum: 0 }, limit: { type: "integer", minimum: 0, maximum: 1000 } },
};

// A name has each connection prepare its statement once.
const statements = {
    create: "INSERT INTO plain_orders (order_id, customer_id, order_date, total_amount, currency, status) " +
        "VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
    get: "SELECT * FROM plain_orders WHERE order_id = $1",
    list: "SELECT * FROM plain_orders ORDER BY id OFFSET $1 LIMIT $2",
    update: "UPDATE plain_orders SET customer_id = coalesce($2, customer_id), order_date = coalesce($3, order_date), " +
        "total_amount = coalesce($4, total_amount), currency = coalesce($5, currency), status = coalesce($6, status), " +
        "updated_at = now() WHERE order_id = $1 RETURNING *",
    summary: "SELECT to_char(order_date AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, currency, count(*) AS orders, " +
        "sum(total_amount)::bigint AS revenue FROM plain_orders GROUP BY 1, 2 ORDER BY 1 DESC, 2",
};

async function serve() {
    pg.types.setTypeParser(pg.types.builtins.INT8, Number);
    const pool = new pg.Pool({ max: CONNECTIONS });
    const ask = async (name, values = []) => (await pool.query({ name, text: statements[name], values })).rows;
    const key = Buffer.from(API_KEY);
    const app = fastify();

    app.addHook("onRequest", async (request, reply) => {
        const given = request.headers["x-api-key"];
        if (given === undefined) return reply.code(401).send({ detail: "API key is missing" });
        const bytes = Buffer.from(given);
        if (bytes.length !== key.length || !timingSafeEqual(bytes, key))
            return reply.code(403).send({ detail: "Invalid API key" });
    });
    const found = ([row], reply) => row ?? reply.code(404).send({ detail: "Order not found" });

    app.post("/orders/", { schema: { body: newOrder, response: { 201: order } } }, async ({ body }, reply) => {
        const { order_id, customer_id, order_date = new Date(), total_amount, currency, status = "pending" } = body;
        try {
            const [row] = await ask("create", [order_id, customer_id, order_date, total_amount, currency, status]);
            return reply.code(201).send(row);
        } catch (error) {
            if (error.code !== UNIQUE_VIOLATION) throw error;
            return reply.code(400).send({ detail: "Order ID already exists" });
        }
    });
    app.get("/orders/", { schema: { querystring: page, response: { 200: { type: "array", items: order } } } },
        ({ query: { skip = 0, limit = 100 } }) => ask("list", [skip, limit]));
    app.get("/orders/summary", async () => {
        const rows = await ask("summary"), totals = new Map();
        for (const { currency, revenue } of rows) totals.set(currency, (totals.get(currency) ?? 0) + revenue);
        return {
            total_orders: rows.reduce((sum, { orders }) => sum + orders, 0),
            total_revenue: [...totals].sort().map(([currency, total]) => ({ currency, total })),
            revenue_per_day: rows.map(({ date, currency, revenue }) => ({ date, currency, revenue })),
        };
    });
    app.get("/orders/:id", { schema: { response: { 200: order } } },
        async ({ params }, reply) => found(await ask("get", [params.id]), reply));
    app.patch("/orders/:id", { schema: { body: { type: "object", properties: fields }, response: { 200: order } } },
        async ({ params, body }, reply) => found(await ask("update", [params.id, body.customer_id, body.order_date,
            body.total_amount, body.currency, body.status]), reply));

    await app.listen({ host: "127.0.0.1", port: Number(PEER_PORT) });
}

if (cluster.isPrimary) for (let i = 0; i < WORKERS; i++) cluster.fork();
else await serve();
