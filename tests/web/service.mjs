// service.mjs: a real ordersd for a suite: its own process, database, port and key.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export const key = "test-key-0123456789";

function postgres(program, ...args) {
    execFileSync(program, ["-h", process.env.TEST_PGHOST, "-U", process.env.TEST_PGUSER, ...args]);
}

// Starts it and waits until it is ready: where it serves, and how it is stopped, which rejects unless it ends as it
// should.
export async function startService(environment = {}) {
    const database = `web_${process.pid}_${Date.now()}`;
    postgres("createdb", "-T", "orders_template", database);
    const ordersd = spawn(process.env.ORDERSD, {
        env: {
            ...process.env,
            DATABASE_URL: `postgresql:///${database}?host=${process.env.TEST_PGHOST}&user=${process.env.TEST_PGUSER}`,
            API_KEY: key,
            ORDERS_LISTEN: "tcp://127.0.0.1:0",
            ORDERS_HTTP: "127.0.0.1:0",
            ORDERS_LOG: "warn",
            ...environment,
        },
        stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(ordersd, "exit");
    const [line] = await Promise.race([
        once(createInterface({ input: ordersd.stdout }), "line"),
        ended.then(([code]) => Promise.reject(new Error(`ordersd ended with ${code}`))),
    ]);
    return {
        url: /http=(\S+)/.exec(line)[1],
        async stop() {
            ordersd.kill("SIGTERM");
            const [code] = await ended;
            postgres("dropdb", database);
            if (code !== 0)
                throw new Error(`ordersd ended with ${code}`);
        },
    };
}
