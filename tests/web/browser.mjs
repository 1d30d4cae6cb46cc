// browser.mjs: a real browser for a suite, and pages that keep what nobody wants to see.
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

const executablePath = "/usr/bin/chromium";

// Ends the process with 77, which meson takes for skipped, where there is none.
export async function launch() {
    if (!existsSync(executablePath)) {
        console.error(`there is no ${executablePath}`);
        process.exit(77);
    }
    return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

// A page whose complaints are what nobody wants to see: whatever the console warns of, which has each breach of the
// Content-Security-Policy too, and requests to anybody but the service.
export async function openPage(browser, service, options) {
    const complaints = [];
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000); // for a busy machine, or ordersd under a sanitizer
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()))
            complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`error: ${error}`));
    page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== service.url)
            complaints.push(`request: ${url}`);
    });
    return { page, complaints };
}
